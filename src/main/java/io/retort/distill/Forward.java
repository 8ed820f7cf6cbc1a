package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.device.Device;
import io.retort.graph.Feed;
import io.retort.graph.Fetch;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Plan;
import io.retort.graph.Value;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import java.nio.FloatBuffer;
import java.util.function.IntPredicate;

/** A model's answers to whole data sets, in inference mode. */
final class Forward implements AutoCloseable {
  private static final int BATCH = 100;

  private final Plan plan;
  private final Feed images;
  private final Fetch logits;
  private final int classes;

  /** Over the variables' weights under the scope; those that are missing are declared. */
  Forward(
      Device device,
      Variables variables,
      String scope,
      Architecture architecture,
      Dataset data,
      long seed) {
    Graph graph = new Graph(Mode.INFERENCE);
    Value x = graph.input(StepGraph.IMAGES, data.sample().batched(BATCH), DType.FLOAT32);
    graph.output("logits", StepGraph.build(graph, architecture, scope, x));
    variables.declare(graph, seed);
    plan = Plan.compile(graph, device, variables);
    images = plan.input(StepGraph.IMAGES);
    logits = plan.output("logits");
    classes = architecture.classes();
  }

  /**
   * Writes the logits [size, C] of all samples in their order.
   *
   * @param goOn told after each batch how many samples are done; false ends the run
   * @return whether all were answered
   */
  boolean logits(Dataset data, FloatBuffer into, IntPredicate goOn) {
    int[] rows = new int[BATCH];
    for (int from = 0; from < data.size(); from += BATCH) {
      int count = Math.min(BATCH, data.size() - from);
      for (int i = 0; i < count; i++) {
        rows[i] = from + i;
      }
      data.images(rows, 0, count, images.floats());
      plan.run();
      into.put(from * classes, logits.floats(), 0, count * classes);
      if (!goOn.test(from + count)) {
        return false;
      }
    }
    return true;
  }

  /** The logits [size, C] of all samples. */
  FloatBuffer logits(Dataset data) {
    FloatBuffer all = FloatBuffer.allocate(Math.multiplyExact(data.size(), classes));
    logits(data, all, done -> true);
    return all;
  }

  @Override
  public void close() {
    plan.close();
  }
}
