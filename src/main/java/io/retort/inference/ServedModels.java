package io.retort.inference;

import io.retort.bus.LiveModel;
import io.retort.bus.Traffic;
import io.retort.config.InferenceConfig;
import io.retort.config.InferenceConfig.Compute;
import io.retort.device.DeviceLostException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The models that answer, each behind its batcher. Used on the home executor alone. */
final class ServedModels {
  /**
   * What handing a batch to another thread and back costs; a model faster than that stays on the
   * event loop.
   */
  private static final long HOP_NANOS = 20_000;

  private final InferenceConfig config;
  private final Executor lane;
  private final Executor nextTurn;
  private final Executor home;
  private final Consumer<DeviceLostException> whenLost;
  private final Map<String, Batcher> batchers = new LinkedHashMap<>();

  /**
   * None yet.
   *
   * @param lane runs batches beside the event loop
   * @param nextTurn runs them on it, behind what it has to do already
   * @param home the event loop, at once where the caller is there
   * @param whenLost is told once by each batcher whose device is lost
   */
  ServedModels(
      InferenceConfig config,
      Executor lane,
      Executor nextTurn,
      Executor home,
      Consumer<DeviceLostException> whenLost) {
    this.config = config;
    this.lane = lane;
    this.nextTurn = nextTurn;
    this.home = home;
    this.whenLost = whenLost;
  }

  /** Null where no model of this name answers. */
  Batcher get(String name) {
    return batchers.get(name);
  }

  /** The version that answers; null where there is none. */
  String version(String name) {
    Batcher batcher = batchers.get(name);
    return batcher == null ? null : batcher.model().card().version();
  }

  List<LiveModel> live() {
    return batchers.values().stream().map(batcher -> describe(batcher.model())).toList();
  }

  LiveModel describe(WarmModel model) {
    String name = model.card().name();
    return new LiveModel(
        name,
        model.card().version(),
        model.features(),
        model.classes(),
        name.equals(config.defaultModel()),
        Arrays.stream(model.card().architecture().input().dims()).boxed().toList(),
        Traffic.all(model.card().version()));
  }

  /** Has this model answer; the one before it answers what it has accepted. */
  void takeOver(WarmModel model) {
    Batcher batcher =
        new Batcher(
            model, executor(model), home, config.maxBatchSize(), config.maxQueuedRows(), whenLost);
    Batcher old = batchers.put(model.card().name(), batcher);
    if (old != null) {
      old.retire(batcher);
    }
  }

  private Executor executor(WarmModel model) {
    boolean here =
        config.compute() == Compute.EVENT_LOOP
            || (config.compute() == Compute.AUTO && model.nanosOfOne() < HOP_NANOS);
    return here ? nextTurn : lane;
  }

  /** Ends a model that nothing takes the place of. */
  void retire(String name) {
    Batcher batcher = batchers.remove(name);
    if (batcher != null) {
      batcher.retire(null);
    }
  }

  void retireAll() {
    List.copyOf(batchers.keySet()).forEach(this::retire);
  }
}
