package io.retort.metrics;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Vertx;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * A histogram that costs a start nothing: what it records before the registry lives waits in a
 * list. Any thread may record. Keep it; making one registers a meter.
 */
public final class Recorder {
  /** So much work is a node in use: its registry may come to life. */
  private static final int WAKING = 1000;

  /** Many seconds of the top rate: reached only where no registry can be made. */
  private static final int MOST = 1 << 20;

  private final Vertx vertx;
  private volatile LongConsumer meter;
  private long[] early = new long[16];
  private int earlyCount;

  private Recorder(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * A histogram of durations, which {@link #record} takes in nanoseconds.
   *
   * @param tags keys and values by turns, few and bounded
   */
  public static Recorder durations(Vertx vertx, String name, String what, String... tags) {
    Recorder recorder = new Recorder(vertx);
    Meters.later(
        vertx,
        registry -> {
          Timer timer =
              Timer.builder(name)
                  .description(what)
                  .tags(tags)
                  .serviceLevelObjectives(Buckets.durations())
                  .register(registry);
          recorder.attach(nanos -> timer.record(nanos, TimeUnit.NANOSECONDS));
        });
    return recorder;
  }

  /**
   * A histogram of sizes: rows, messages.
   *
   * @param tags keys and values by turns, few and bounded
   */
  public static Recorder sizes(Vertx vertx, String name, String what, String... tags) {
    Recorder recorder = new Recorder(vertx);
    Meters.later(
        vertx,
        registry -> {
          DistributionSummary summary =
              DistributionSummary.builder(name)
                  .description(what)
                  .tags(tags)
                  .serviceLevelObjectives(Buckets.sizes())
                  .register(registry);
          recorder.attach(summary::record);
        });
    return recorder;
  }

  public void record(long value) {
    LongConsumer known = meter;
    if (known != null) {
      known.accept(value);
    } else {
      keep(value);
    }
  }

  private void keep(long value) {
    int kept;
    synchronized (this) {
      if (meter == null) {
        if (earlyCount == early.length && earlyCount < MOST) {
          early = Arrays.copyOf(early, 2 * earlyCount);
        }
        if (earlyCount < early.length) {
          early[earlyCount++] = value;
        }
        kept = earlyCount;
      } else {
        meter.accept(value);
        return;
      }
    }
    if (kept == WAKING) {
      Meters.wake(vertx);
    }
  }

  private synchronized void attach(LongConsumer registered) {
    for (int i = 0; i < earlyCount; i++) {
      registered.accept(early[i]);
    }
    early = null;
    meter = registered;
  }
}
