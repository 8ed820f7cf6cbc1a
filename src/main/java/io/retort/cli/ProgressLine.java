package io.retort.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A job's progress for people: a bar on a terminal; elsewhere a line at each start, each new
 * accuracy and each end.
 */
final class ProgressLine {
  private final PrintStream out;
  private final boolean terminal;
  private String title = "";
  private double accuracyShown;
  private ProgressBar bar;

  ProgressLine(PrintStream out) {
    this(out, System.console() != null);
  }

  ProgressLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Shows one report; {@code accuracy} is NaN while unknown. */
  synchronized void show(
      String job,
      String phase,
      int epoch,
      int epochs,
      long step,
      long steps,
      Map<String, Double> loss,
      double accuracy,
      double samplesPerSecond) {
    String titleNow = job + " " + phase;
    boolean another = !titleNow.equals(title);
    String state = state(epoch, epochs, loss, accuracy, samplesPerSecond);
    if (terminal) {
      if (another) {
        close();
        bar = begin(titleNow, steps);
      }
      if (bar != null) {
        bar.maxHint(Math.max(steps, step)).stepTo(step).setExtraMessage(" " + state);
        if (step >= steps) {
          close();
        }
      }
    } else if (another || Double.compare(accuracy, accuracyShown) != 0 || step >= steps) {
      out.println(titleNow + " " + step + "/" + steps + " " + state);
    }
    title = titleNow;
    accuracyShown = accuracy;
  }

  synchronized void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  private static ProgressBar begin(String title, long steps) {
    if (steps < 1) {
      return null;
    }
    return new ProgressBarBuilder()
        .setTaskName(title)
        .setInitialMax(steps)
        .setUpdateIntervalMillis(200)
        .setStyle(ProgressBarStyle.ASCII)
        .build();
  }

  private static String state(
      int epoch, int epochs, Map<String, Double> loss, double accuracy, double samplesPerSecond) {
    StringBuilder text = new StringBuilder();
    if (epochs > 0) {
      text.append("epoch ").append(epoch).append('/').append(epochs);
    }
    loss.forEach((term, value) -> text.append(String.format(Locale.ROOT, " %s %.4f", term, value)));
    if (!Double.isNaN(accuracy)) {
      text.append(String.format(Locale.ROOT, " accuracy %.2f %%", 100 * accuracy));
    }
    if (samplesPerSecond > 0) {
      text.append(String.format(Locale.ROOT, " %,.0f/s", samplesPerSecond));
    }
    return text.toString();
  }
}
