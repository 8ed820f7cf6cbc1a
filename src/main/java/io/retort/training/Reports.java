package io.retort.training;

import io.retort.bus.ProgressFrame;
import io.retort.distill.Progress;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Numbers the reports of one running job, leaves out those that come too fast, keeps the rest on
 * disk and passes them on. A change of phase or epoch is never left out. On the training thread.
 */
final class Reports {
  /**
   * After each so many kept reports only every second of them is kept, so that a long job's file
   * stays small.
   */
  private static final int KEPT_BEFORE_THINNING = 1000;

  private final String job;
  private final JobFiles files;
  private final long leastNanos;
  private final Consumer<ProgressFrame> news;
  private long sequence;
  private int kept;
  private ProgressFrame last;
  private double accuracy = Double.NaN;
  private long lastNanos;

  Reports(String job, JobFiles files, long leastMillis, Consumer<ProgressFrame> news) {
    this.job = job;
    this.files = files;
    this.leastNanos = leastMillis * 1_000_000;
    this.news = news;
    List<ProgressFrame> before = files.history(job);
    kept = before.size();
    last = before.isEmpty() ? null : before.get(before.size() - 1);
    sequence = last == null ? 0 : last.sequence();
  }

  /** Takes a report of the distillation. */
  void accept(Progress progress) {
    long now = System.nanoTime();
    accuracy = Double.isNaN(progress.accuracy()) ? accuracy : progress.accuracy();
    boolean turn =
        last == null
            || !last.phase().equals(progress.phase())
            || last.epoch() != progress.epoch()
            || progress.step() == progress.steps();
    if (turn || now - lastNanos >= leastNanos) {
      lastNanos = now;
      publish(
          new ProgressFrame(
              job,
              ++sequence,
              progress.phase(),
              progress.epoch(),
              progress.epochs(),
              progress.step(),
              progress.steps(),
              progress.loss(),
              progress.accuracy(),
              progress.samplesPerSecond(),
              progress.etaSeconds()),
          turn);
    }
  }

  /**
   * The last report: {@code done}, {@code failed} or {@code cancelled}, otherwise as the one
   * before.
   */
  void end(String phase) {
    ProgressFrame before = last;
    publish(
        before == null
            ? new ProgressFrame(
                job, ++sequence, phase, 0, 0, 0, 0, Map.of(), Double.NaN, Double.NaN, 0)
            : new ProgressFrame(
                job,
                ++sequence,
                phase,
                before.epoch(),
                before.epochs(),
                before.step(),
                before.steps(),
                before.loss(),
                accuracy,
                before.samplesPerSecond(),
                0),
        true);
  }

  private void publish(ProgressFrame frame, boolean turn) {
    last = frame;
    long stride = 1L << Math.min(30, kept / KEPT_BEFORE_THINNING);
    if (turn || frame.sequence() % stride == 0) {
      kept++;
      files.append(frame);
    }
    news.accept(frame);
  }
}
