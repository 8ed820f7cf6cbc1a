package io.retort.inference;

import io.retort.device.Device;
import io.retort.device.ExecutionSettings;
import io.retort.device.Precision;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Plan;
import io.retort.graph.Value;
import io.retort.graph.Variables;
import io.retort.model.ModelCard;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One version of a model on a device: its weights, once, for as many sets of plans as are asked
 * for. Every plan is run a few times when it is made, so that the first request finds everything in
 * place. The weights are freed with the last set.
 */
final class WarmModel {
  private static final String SCOPE = "model";
  private static final int MAX_RUNS = 9;
  private static final long WARM_NANOS = 5_000_000;

  private final ModelCard card;
  private final Device device;
  private final int features;
  private final int classes;
  private final int[] sizes;
  private final ExecutionSettings settings;
  private final Variables variables;
  private final int[] choices;
  private long nanosOfOne;
  private int sets;

  /** Puts the weights on the device. */
  WarmModel(
      ModelCard card,
      Map<String, HostTensor> weights,
      Device device,
      Precision precision,
      int maxBatch) {
    this.card = card;
    this.device = device;
    this.features = Math.toIntExact(card.architecture().input().size());
    this.classes = card.architecture().classes();
    this.sizes = sizes(maxBatch);
    this.settings = new ExecutionSettings(precision, false);
    this.variables = new Variables(device);
    this.choices = new int[maxBatch + 1];
    try {
      variables.declare(graph(1), 0);
      weights.forEach((path, value) -> variables.set(SCOPE + "/" + path, value));
    } catch (RuntimeException | Error e) {
      variables.close();
      throw e;
    }
  }

  /** 1, 2, 4 … and the largest batch itself. */
  private static int[] sizes(int maxBatch) {
    List<Integer> sizes = new ArrayList<>();
    for (int rows = 1; rows < maxBatch; rows *= 2) {
      sizes.add(rows);
    }
    sizes.add(maxBatch);
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  private Graph graph(int rows) {
    Graph graph = new Graph(Mode.INFERENCE);
    Architecture architecture = card.architecture();
    Value x = graph.input(PlanSet.FEATURES, batch(rows, architecture.input()), DType.FLOAT32);
    Value logits = architecture.build(graph, SCOPE, x);
    graph.output(PlanSet.PREDICTION, graph.softmax(logits, graph.constant(Shape.of(1), 1)));
    return graph;
  }

  private static Shape batch(int rows, Shape sample) {
    int[] dims = new int[sample.rank() + 1];
    dims[0] = rows;
    System.arraycopy(sample.dims(), 0, dims, 1, sample.rank());
    return Shape.of(dims);
  }

  /**
   * Compiles and warms another set of plans; the first one is measured. If that fails and there is
   * no other, the weights are freed.
   */
  PlanSet plans() {
    List<Plan> plans = new ArrayList<>();
    long[] nanos = new long[sizes.length];
    retain();
    try {
      for (int i = 0; i < sizes.length; i++) {
        plans.add(Plan.compile(graph(sizes[i]), device, variables, settings));
        nanos[i] = measure(plans.get(i));
      }
    } catch (RuntimeException | Error e) {
      new PlanSet(this, plans).close();
      throw e;
    }
    if (nanosOfOne == 0) {
      nanosOfOne = nanos[0];
      choose(nanos);
    }
    return new PlanSet(this, plans);
  }

  /** The fastest of a few runs, in nanoseconds. */
  private static long measure(Plan plan) {
    long began = System.nanoTime();
    long fastest = Long.MAX_VALUE;
    for (int run = 0;
        run < MAX_RUNS && (run < 2 || System.nanoTime() - began < WARM_NANOS);
        run++) {
      long before = System.nanoTime();
      plan.run();
      fastest = Math.min(fastest, System.nanoTime() - before);
    }
    return fastest;
  }

  /**
   * For each number of waiting rows the plan to run first, so that all of them take the least time
   * by what was measured.
   */
  private void choose(long[] nanos) {
    long[] best = new long[choices.length];
    for (int rows = 1; rows < choices.length; rows++) {
      best[rows] = Long.MAX_VALUE;
      for (int i = 0; i < sizes.length; i++) {
        long all = nanos[i] + best[Math.max(0, rows - sizes[i])];
        if (all < best[rows]) {
          best[rows] = all;
          choices[rows] = i;
        }
      }
    }
  }

  ModelCard card() {
    return card;
  }

  /** Numbers of one row. */
  int features() {
    return features;
  }

  int classes() {
    return classes;
  }

  /** The plan to run first where so many rows wait. */
  int choice(int rows) {
    return choices[Math.min(rows, choices.length - 1)];
  }

  /** The rows of a plan. */
  int rows(int choice) {
    return sizes[choice];
  }

  /** What one row took at its fastest, in nanoseconds. */
  long nanosOfOne() {
    return nanosOfOne;
  }

  private synchronized void retain() {
    sets++;
  }

  synchronized void release() {
    if (--sets == 0) {
      variables.close();
    }
  }
}
