package io.retort.inference;

import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.ModelLabel;
import io.retort.bus.ModelName;
import io.retort.bus.ModelSplit;
import io.retort.bus.ModelState;
import io.retort.bus.ModelStatistics;
import io.retort.bus.ModelVersion;
import io.retort.bus.ShadowComparison;
import io.retort.model.Live;
import io.retort.model.ModelStore;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Answers those who ask which versions there are, and who change which of them answer. A change is
 * made on the loader's thread, one after the other; its reply comes when the versions answer.
 */
final class ModelControl {
  private final Bus bus;
  private final Context context;
  private final Executor loading;
  private final Supplier<ModelStore> store;
  private final Roster roster;
  private final ModelStates states;
  private final ServedModels served;

  ModelControl(
      Bus bus,
      Context context,
      Executor loading,
      Supplier<ModelStore> store,
      Roster roster,
      ModelStates states,
      ServedModels served) {
    this.bus = bus;
    this.context = context;
    this.loading = loading;
    this.store = store;
    this.roster = roster;
    this.states = states;
    this.served = served;
  }

  void serve() {
    bus.serve(Addresses.MODELS_LIST, name -> read(() -> states.list(name.model())));
    bus.serve(Addresses.MODELS_STATISTICS, this::statistics);
    bus.serve(Addresses.MODELS_COMPARISON, this::comparison);
    change(Addresses.MODELS_LOAD, ModelVersion::model, this::load);
    change(Addresses.MODELS_UNLOAD, ModelVersion::model, this::unload);
    change(Addresses.MODELS_PROMOTE, ModelVersion::model, this::promote);
    change(Addresses.MODELS_ROLLBACK, ModelName::model, this::rollBack);
    change(Addresses.MODELS_SPLIT, ModelSplit::model, this::split);
    change(Addresses.MODELS_SHADOW, ModelVersion::model, this::shadow);
    change(Addresses.MODELS_LABEL, ModelLabel::model, this::label);
  }

  private <T> Future<T> read(Callable<T> reading) {
    return context.executeBlocking(reading, false);
  }

  private <Q> void change(
      Address<Q, ModelState> address, Function<Q, String> model, Function<Q, Future<Void>> change) {
    bus.serve(
        address,
        question -> {
          String name = model.apply(question);
          Promise<Void> changed = Promise.promise();
          try {
            loading.execute(() -> change(name, () -> change.apply(question), changed));
          } catch (RejectedExecutionException e) {
            changed.fail(Failure.UNAVAILABLE.because("this node is stopping"));
          }
          return changed.future().compose(done -> read(() -> states.state(name)));
        });
  }

  private void change(String model, Supplier<Future<Void>> change, Promise<Void> changed) {
    try {
      states.requireModel(model);
      change.get().onComplete(changed);
    } catch (RuntimeException | Error e) {
      changed.fail(e);
    }
  }

  private Future<ModelStatistics> statistics(ModelName name) {
    return known(name).map(known -> new ModelStatistics(served.statistics(name.model())));
  }

  private Future<ShadowComparison> comparison(ModelName name) {
    return name.model() == null
        ? Future.failedFuture(
            Failure.INVALID_REQUEST.because("model must be the name of a model: it is missing"))
        : known(name).map(known -> served.comparison(name.model()));
  }

  private Future<Void> known(ModelName name) {
    if (name.model() == null || served.get(name.model()) != null) {
      return Future.succeededFuture();
    }
    return read(
        () -> {
          states.requireModel(name.model());
          return null;
        });
  }

  private Future<Void> load(ModelVersion wanted) {
    if (wanted.version() != null) {
      states.requireVersion(wanted.model(), wanted.version());
    }
    return roster.load(wanted.model(), wanted.version());
  }

  private Future<Void> unload(ModelVersion wanted) {
    if (wanted.version() != null) {
      states.requireVersion(wanted.model(), wanted.version());
    }
    return roster.unload(wanted.model(), wanted.version());
  }

  private Future<Void> promote(ModelVersion wanted) {
    states.requireVersion(wanted.model(), wanted.version());
    return promote(wanted.model(), wanted.version());
  }

  private Future<Void> rollBack(ModelName name) {
    String previous = TrafficCheck.previous(name.model(), live(name.model()));
    states.requireVersion(name.model(), previous);
    return promote(name.model(), previous);
  }

  private Future<Void> promote(String model, String version) {
    return roster
        .change(
            model,
            List.of(version),
            live -> live == null ? Live.of(version) : live.promoted(version))
        .onSuccess(done -> bus.publish(Addresses.MODEL_PROMOTED, new ModelVersion(model, version)));
  }

  private Future<Void> split(ModelSplit split) {
    String model = split.model();
    split.percent().keySet().forEach(version -> states.requireVersion(model, version));
    TrafficCheck.shares(split.percent());
    Live live = TrafficCheck.live(model, live(model));
    split.percent().keySet().forEach(version -> requireAlike(model, live, version));
    return roster.change(
        model,
        List.copyOf(split.percent().keySet()),
        now -> TrafficCheck.live(model, now).shared(split.percent()));
  }

  private Future<Void> shadow(ModelVersion wanted) {
    String model = wanted.model();
    String version = wanted.version();
    Live live = TrafficCheck.live(model, live(model));
    if (version != null) {
      states.requireVersion(model, version);
      TrafficCheck.shadow(model, version, live);
      requireAlike(model, live, version);
    }
    return roster.change(
        model,
        version == null ? List.of() : List.of(version),
        now -> TrafficCheck.live(model, now).shadowed(version));
  }

  private Future<Void> label(ModelLabel wanted) {
    String model = wanted.model();
    TrafficCheck.label(wanted.label());
    if (wanted.version() != null) {
      states.requireVersion(model, wanted.version());
    }
    return roster.change(
        model,
        wanted.version() == null ? List.of() : List.of(wanted.version()),
        live -> TrafficCheck.live(model, live).labelled(wanted.label(), wanted.version()));
  }

  private Live live(String model) {
    return store.get().traffic(model).orElse(null);
  }

  private void requireAlike(String model, Live live, String version) {
    TrafficCheck.alike(store.get().card(model, live.version()), store.get().card(model, version));
  }
}
