package io.retort.distill;

import java.util.Map;
import java.util.function.Consumer;

/**
 * Tells the listener of one phase's progress, at most every quarter of a second but for the reports
 * that must come.
 */
final class Reporter {
  private static final long INTERVAL_NANOS = 250_000_000;

  private final String job;
  private final String phase;
  private final int epochs;
  private final long steps;
  private final Consumer<Progress> listener;
  private long last = System.nanoTime();
  private long busyNanos;
  private long samples;

  Reporter(String job, String phase, int epochs, long steps, Consumer<Progress> listener) {
    this.job = job;
    this.phase = phase;
    this.epochs = epochs;
    this.steps = steps;
    this.listener = listener;
  }

  /** Says how much was done since the beginning, for the rate. */
  void rate(long nanos, long allSamples) {
    busyNanos = nanos;
    samples = allSamples;
  }

  /** Counts more work done, for the rate. */
  void worked(long nanos, long moreSamples) {
    busyNanos += nanos;
    samples += moreSamples;
  }

  boolean due(long now) {
    return now - last >= INTERVAL_NANOS;
  }

  /**
   * Sends a report.
   *
   * @param samplesLeft of this phase, for the time left
   */
  void report(int epoch, long step, Map<String, Double> loss, double accuracy, long samplesLeft) {
    last = System.nanoTime();
    double rate = busyNanos == 0 ? Double.NaN : samples * 1e9 / busyNanos;
    double left = samplesLeft == 0 ? 0 : samplesLeft / rate;
    listener.accept(
        new Progress(job, phase, epoch, epochs, step, steps, loss, accuracy, rate, left));
  }
}
