package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.ModelList;
import io.retort.bus.ModelState;
import io.retort.bus.Traffic;
import io.retort.bus.VersionState;
import io.retort.bus.VersionState.Status;
import io.retort.json.Nearest;
import io.retort.model.Live;
import io.retort.model.ModelCard;
import io.retort.model.ModelException;
import io.retort.model.ModelStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of the models: the store's files, and what became of the versions that were to be
 * loaded. Looks at the disk; may be used by any thread.
 */
final class ModelStates {
  private static final Logger LOG = LoggerFactory.getLogger(ModelStates.class);

  private record Key(String model, String version) {}

  private record Condition(Status status, String reason, double rowMicros) {
    static final Condition UNLOADED = new Condition(Status.UNLOADED, null, 0);
  }

  private final Supplier<ModelStore> store;
  private final Map<Key, Condition> conditions = new ConcurrentHashMap<>();
  private final Map<String, Traffic> traffic = new ConcurrentHashMap<>();

  ModelStates(Supplier<ModelStore> store) {
    this.store = store;
  }

  void loading(String model, String version) {
    conditions.put(new Key(model, version), new Condition(Status.LOADING, null, 0));
  }

  void ready(WarmModel warm) {
    conditions.put(
        new Key(warm.card().name(), warm.card().version()),
        new Condition(Status.READY, null, warm.nanosOfOne() / 1000.0));
  }

  /** The reason is shown to whoever asks. */
  void failed(String model, String version, String reason) {
    conditions.put(new Key(model, version), new Condition(Status.FAILED, reason, 0));
  }

  void unloaded(String model, String version) {
    conditions.remove(new Key(model, version));
  }

  /** Null where no version answers. */
  void traffic(String model, Traffic now) {
    if (now == null || now.percent().isEmpty()) {
      traffic.remove(model);
    } else {
      traffic.put(model, now);
    }
  }

  /** Refuses a model that is not in the store. */
  void requireModel(String model) {
    if (model == null) {
      throw Failure.INVALID_REQUEST.because("model must be the name of a model: it is missing");
    }
    List<String> known = store.get().models();
    if (!known.contains(model)) {
      throw Failure.UNKNOWN_MODEL.because(
          "there is no model " + model + Nearest.hint(model, known));
    }
  }

  /** Refuses a version that is not in the store. */
  void requireVersion(String model, String version) {
    requireModel(model);
    if (version == null) {
      throw Failure.INVALID_REQUEST.because(
          "version must be a version of " + model + ": it is missing");
    }
    List<String> known = store.get().numbers(model);
    if (!known.contains(version)) {
      throw Failure.UNKNOWN_VERSION.because(
          "model " + model + " has no version " + version + Nearest.hint(version, known));
    }
  }

  /** A model of the store, or all of them where the name is null. */
  ModelList list(String model) {
    if (model != null) {
      return new ModelList(List.of(state(model)));
    }
    return new ModelList(store.get().models().stream().map(this::known).toList());
  }

  ModelState state(String model) {
    requireModel(model);
    return known(model);
  }

  private ModelState known(String model) {
    Live live = null;
    try {
      live = store.get().traffic(model).orElse(null);
    } catch (ModelException e) {
      LOG.error("inference: {}", e.getMessage());
    }
    return new ModelState(
        model,
        live == null ? null : live.version(),
        live == null ? null : live.previous(),
        traffic.get(model),
        store.get().numbers(model).stream().map(version -> version(model, version)).toList());
  }

  private VersionState version(String model, String version) {
    Condition condition = conditions.getOrDefault(new Key(model, version), Condition.UNLOADED);
    try {
      ModelCard card = store.get().card(model, version);
      return new VersionState(
          version,
          condition.status,
          condition.reason,
          card.created().toString(),
          card.architecture().parameters(),
          store.get().weightBytes(model, version),
          card.recipe(),
          card.teacherHash(),
          card.metrics(),
          condition.rowMicros);
    } catch (ModelException e) {
      LOG.error("inference: {}", e.getMessage());
      String reason = "its files cannot be read; the log of the server says why";
      return new VersionState(version, Status.FAILED, reason, null, 0, 0, null, null, Map.of(), 0);
    }
  }
}
