package io.retort.oip;

import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.LiveModel;
import io.retort.bus.LiveModels;
import io.retort.bus.ModelName;
import io.retort.bus.ModelState;
import io.retort.bus.ModelVersion;
import io.retort.bus.Nothing;
import io.retort.bus.VersionStatistics;
import io.vertx.core.Future;
import java.util.List;

/**
 * What the protocol asks of models other than answers. Its futures fail with a {@link
 * FailureException}.
 */
public final class ModelDirectory {
  private static final long PATIENCE_MILLIS = 1000;
  private static final long DISK_MILLIS = 10_000;

  /** How long a change of what is loaded may take: models are read and warmed in it. */
  public static final long CHANGE_MILLIS = 600_000;

  private final Bus bus;

  public ModelDirectory(Bus bus) {
    this.bus = bus;
  }

  /** Whether a request that names no model would get an answer; never fails. */
  public Future<Boolean> ready() {
    return bus.request(Addresses.MODELS_LIVE, Nothing.NOTHING, PATIENCE_MILLIS)
        .map(LiveModels::ready)
        .otherwise(false);
  }

  /**
   * A model that answers: NOT_READY where it is in the store alone, UNKNOWN_MODEL, UNKNOWN_VERSION.
   *
   * @param version a number or a label that must be able to answer; null for any
   */
  public Future<LiveModel> live(String name, String version) {
    return request(Addresses.MODELS_LIVE, Nothing.NOTHING, PATIENCE_MILLIS)
        .compose(
            live ->
                live.models().stream()
                    .filter(each -> each.model().equals(name))
                    .findAny()
                    .map(Future::succeededFuture)
                    .orElseGet(() -> absent(name)))
        .map(model -> requireVersion(model, version));
  }

  private Future<LiveModel> absent(String name) {
    return request(Addresses.MODELS_LIST, new ModelName(name), DISK_MILLIS)
        .map(
            stored -> {
              throw Failure.NOT_READY.because(
                  "no version of the model " + name + " answers at present");
            });
  }

  private static LiveModel requireVersion(LiveModel model, String version) {
    if (version != null && model.traffic().version(version, null) == null) {
      throw Failure.UNKNOWN_VERSION.because(
          "version %s of %s does not answer; those that do are %s"
              .formatted(version, model.model(), String.join(", ", model.traffic().loaded())));
    }
    return model;
  }

  /** Every version of every model of the store, or only those that can answer. */
  public Future<List<RepositoryEntry>> index(boolean ready) {
    return request(Addresses.MODELS_LIST, new ModelName(null), DISK_MILLIS)
        .map(
            list ->
                list.models().stream()
                    .flatMap(
                        model ->
                            model.versions().stream()
                                .map(version -> RepositoryEntry.of(model.model(), version)))
                    .filter(entry -> !ready || entry.ready())
                    .toList());
  }

  /** Loads the live version of a model. */
  public Future<ModelState> load(String model) {
    return request(Addresses.MODELS_LOAD, new ModelVersion(model, null), CHANGE_MILLIS);
  }

  /** Frees every version of a model. */
  public Future<ModelState> unload(String model) {
    return request(Addresses.MODELS_UNLOAD, new ModelVersion(model, null), CHANGE_MILLIS);
  }

  /**
   * What loaded versions have done: UNKNOWN_VERSION where the one that is named is not loaded.
   *
   * @param model null for all
   * @param version null for all
   */
  public Future<List<VersionStatistics>> statistics(String model, String version) {
    return request(Addresses.MODELS_STATISTICS, new ModelName(model), DISK_MILLIS)
        .map(
            all -> {
              List<VersionStatistics> found =
                  all.versions().stream()
                      .filter(each -> version == null || each.version().equals(version))
                      .toList();
              if (found.isEmpty() && version != null) {
                throw Failure.UNKNOWN_VERSION.because(
                    "version " + version + " of " + model + " is not loaded");
              }
              return found;
            });
  }

  private <Q, R> Future<R> request(Address<Q, R> address, Q question, long millis) {
    return bus.request(address, question, millis)
        .recover(failure -> Future.failedFuture(serves(failure)));
  }

  /**
   * Nobody at the models' addresses means a node that serves none, which a client need not read as
   * an address.
   */
  public static Throwable serves(Throwable failure) {
    return failure instanceof FailureException known && known.failure() == Failure.UNAVAILABLE
        ? Failure.UNAVAILABLE.because("no part of this node or cluster serves models")
        : failure;
  }
}
