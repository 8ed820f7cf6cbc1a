package io.retort.metrics;

import java.time.Duration;

/** The upper bounds of every histogram: the same everywhere, so that panels can be compared. */
public final class Buckets {
  private static final long[] MICROS = {
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    10_000_000
  };

  private Buckets() {}

  /** 50 µs to 10 s. */
  public static Duration[] durations() {
    Duration[] bounds = new Duration[MICROS.length];
    for (int i = 0; i < MICROS.length; i++) {
      bounds[i] = Duration.ofNanos(MICROS[i] * 1000);
    }
    return bounds;
  }

  /** 1 to 4,096 by powers of two. */
  public static double[] sizes() {
    double[] bounds = new double[13];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = 1 << i;
    }
    return bounds;
  }
}
