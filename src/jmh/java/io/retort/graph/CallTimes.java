package io.retort.graph;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How long each call of a plan takes, over many runs. */
public final class CallTimes {
  private static final int WARM_UP = 5;
  private final List<Node> nodes = new ArrayList<>();
  private final long[][] nanos;
  private final long[] whole;

  private CallTimes(List<Node> nodes, int runs) {
    this.nodes.addAll(nodes);
    nanos = new long[nodes.size()][runs];
    whole = new long[runs];
  }

  /**
   * Runs the plan {@code runs} times with a clock around each call, and as often with none, in
   * turn.
   */
  public static CallTimes of(Plan plan, int runs) {
    List<Node> nodes = new ArrayList<>();
    plan.run((node, time) -> nodes.add(node));
    CallTimes times = new CallTimes(nodes, runs);
    for (int run = -WARM_UP; run < runs; run++) {
      long before = System.nanoTime();
      plan.run();
      long took = System.nanoTime() - before;
      if (run >= 0) {
        times.whole[run] = took;
      }
      times.hear(plan, Math.max(run, 0));
    }
    Arrays.sort(times.whole);
    for (long[] each : times.nanos) {
      Arrays.sort(each);
    }
    return times;
  }

  private void hear(Plan plan, int run) {
    int[] call = {0};
    plan.run((node, time) -> nanos[call[0]++][run] = time);
  }

  /**
   * A line for each call, the slowest first, by the best run: on a machine with company the others
   * tell of the company.
   */
  public void print(PrintStream out) {
    double sum = 0;
    double flops = 0;
    double bytes = 0;
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      order.add(i);
      sum += nanos[i][0];
      flops += Work.of(nodes.get(i)).flops();
      bytes += Work.of(nodes.get(i)).bytes();
    }
    order.sort((a, b) -> Long.compare(nanos[b][0], nanos[a][0]));
    out.printf(
        "%9s %9s %6s %8s %7s  %s%n", "best µs", "median µs", "share", "GFLOP/s", "GB/s", "call");
    for (int i : order) {
      line(out, nanos[i], sum, Work.of(nodes.get(i)), i + " " + Work.text(nodes.get(i)));
    }
    line(
        out, whole, sum, new Work(flops, bytes), "the whole run, without a clock around each call");
    out.printf(
        Locale.ROOT,
        "%d calls, %.1f µs by their best, %.2f GFLOP, %.1f MB%n",
        nodes.size(),
        sum / 1e3,
        flops / 1e9,
        bytes / 1e6);
  }

  private static void line(PrintStream out, long[] sorted, double sum, Work work, String text) {
    double best = Math.max(1, sorted[0]);
    out.printf(
        Locale.ROOT,
        "%9.1f %9.1f %5.1f%% %8s %7.1f  %s%n",
        best / 1e3,
        sorted[sorted.length / 2] / 1e3,
        100 * best / sum,
        work.flops() == 0 ? "" : String.format(Locale.ROOT, "%.1f", work.flops() / best),
        work.bytes() / best,
        text);
  }
}
