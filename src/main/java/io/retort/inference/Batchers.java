package io.retort.inference;

import io.retort.config.InferenceConfig;
import io.retort.config.InferenceConfig.Compute;
import io.retort.device.DeviceLostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/** Makes batchers, and owns the threads that they work on beside the event loop. */
final class Batchers {
  /**
   * What handing a batch to another thread and back costs; a model faster than that stays on the
   * event loop.
   */
  private static final long HOP_NANOS = 20_000;

  /** What may wait for a shadow, in batches; more is dropped. */
  private static final int SHADOW_BATCHES = 16;

  private final InferenceConfig config;
  private final ExecutorService lanes;
  private final ExecutorService shadows = Lanes.named("retort-shadow", 1);
  private final ScheduledExecutorService timer;
  private final Workplace onLanes;
  private final Workplace onLoop;
  private final Workplace inShadow;

  /**
   * None yet.
   *
   * @param nextTurn runs batches on the event loop, behind what it has to do already
   * @param home the event loop, at once where the caller is there
   * @param closing frees memory
   * @param whenLost is told, on any thread, whenever a device is lost
   */
  Batchers(
      InferenceConfig config,
      Executor nextTurn,
      Executor home,
      Executor closing,
      Consumer<DeviceLostException> whenLost) {
    this.config = config;
    lanes = Lanes.named("retort-lane", config.lanes());
    timer = config.maxQueueDelayMicros() > 0 ? Lanes.timer("retort-batch-timer") : null;
    int rows = config.maxQueuedRows();
    onLanes = new Workplace(lanes, false, home, closing, timer, whenLost, rows);
    onLoop = new Workplace(nextTurn, true, home, closing, timer, whenLost, rows);
    inShadow =
        new Workplace(
            shadows,
            false,
            Runnable::run,
            closing,
            timer,
            whenLost,
            SHADOW_BATCHES * config.maxBatchSize());
  }

  /** Warms a version for as many lanes as there are, or for the event loop where it is tiny. */
  Batcher batcher(WarmModel model) {
    List<PlanSet> sets = new ArrayList<>();
    try {
      sets.add(model.plans());
      boolean here =
          config.compute() == Compute.EVENT_LOOP
              || (config.compute() == Compute.AUTO && model.nanosOfOne() < HOP_NANOS);
      while (!here && sets.size() < config.lanes()) {
        sets.add(model.plans());
      }
      return new Batcher(model, sets, here ? onLoop : onLanes, config);
    } catch (RuntimeException | Error e) {
      sets.forEach(PlanSet::close);
      throw e;
    }
  }

  /** Has a loaded version compute beside those that answer. */
  Shadow shadow(WarmModel model) {
    return new Shadow(new Batcher(model, List.of(model.plans()), inShadow, config));
  }

  /** Ends the threads; the batchers are closed. */
  void close() {
    lanes.shutdown();
    shadows.shutdown();
    if (timer != null) {
      timer.shutdown();
    }
  }
}
