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
 * One version of a model, compiled for batches of 1, 2, 4 … rows that share their weights, and run
 * a few times, so that the first request finds everything in place. One thread at a time.
 */
final class WarmModel implements AutoCloseable {
  private static final String SCOPE = "model";
  private static final String FEATURES = "features";
  private static final String PREDICTION = "prediction";
  private static final int MAX_RUNS = 9;
  private static final long WARM_NANOS = 5_000_000;

  private record Sized(int rows, Plan plan, long nanos) {}

  private final ModelCard card;
  private final int features;
  private final int classes;
  private final int maxBatch;
  private final ExecutionSettings settings;
  private final Variables variables;
  private final List<Sized> plans = new ArrayList<>();
  private final Sized[] first;

  private WarmModel(ModelCard card, Device device, Precision precision, int maxBatch) {
    this.card = card;
    this.features = Math.toIntExact(card.architecture().input().size());
    this.classes = card.architecture().classes();
    this.maxBatch = maxBatch;
    this.settings = new ExecutionSettings(precision, false);
    this.variables = new Variables(device);
    this.first = new Sized[maxBatch + 1];
  }

  /** Compiles and warms a version. */
  static WarmModel load(
      ModelCard card,
      Map<String, HostTensor> weights,
      Device device,
      Precision precision,
      int maxBatch) {
    WarmModel model = new WarmModel(card, device, precision, maxBatch);
    try {
      for (int rows = 1; rows < maxBatch; rows *= 2) {
        model.compile(device, rows, weights);
      }
      model.compile(device, maxBatch, weights);
      model.choose();
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private void compile(Device device, int rows, Map<String, HostTensor> weights) {
    Graph graph = new Graph(Mode.INFERENCE);
    Architecture architecture = card.architecture();
    Value x = graph.input(FEATURES, batch(rows, architecture.input()), DType.FLOAT32);
    Value logits = architecture.build(graph, SCOPE, x);
    graph.output(PREDICTION, graph.softmax(logits, graph.constant(Shape.of(1), 1)));
    if (plans.isEmpty()) {
      variables.declare(graph, 0);
      weights.forEach((path, value) -> variables.set(SCOPE + "/" + path, value));
    }
    Plan plan = Plan.compile(graph, device, variables, settings);
    plans.add(new Sized(rows, plan, measure(plan)));
  }

  private static Shape batch(int rows, Shape sample) {
    int[] dims = new int[sample.rank() + 1];
    dims[0] = rows;
    System.arraycopy(sample.dims(), 0, dims, 1, sample.rank());
    return Shape.of(dims);
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
  private void choose() {
    long[] best = new long[maxBatch + 1];
    for (int rows = 1; rows <= maxBatch; rows++) {
      best[rows] = Long.MAX_VALUE;
      for (Sized plan : plans) {
        long nanos = plan.nanos + best[Math.max(0, rows - plan.rows)];
        if (nanos < best[rows]) {
          best[rows] = nanos;
          first[rows] = plan;
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

  /** What one row took at its fastest, in nanoseconds. */
  long nanosOfOne() {
    return plans.get(0).nanos;
  }

  /** Fills in every question's predictions. */
  void run(List<Question> questions) {
    int rows = 0;
    for (Question question : questions) {
      rows += question.rows();
    }
    Cursor reader = new Cursor(questions);
    Cursor writer = new Cursor(questions);
    while (rows > 0) {
      Sized sized = first[Math.min(rows, maxBatch)];
      int count = Math.min(rows, sized.rows);
      var input = sized.plan.input(FEATURES);
      reader.advance(
          count,
          (question, row, n, at) ->
              input.write(question.features(), row * features, n * features, at * features));
      sized.plan.run();
      var output = sized.plan.output(PREDICTION).floats();
      writer.advance(
          count,
          (question, row, n, at) ->
              output.get(at * classes, question.predictions(), row * classes, n * classes));
      rows -= count;
    }
  }

  /** A place in the rows of several questions one after the other. */
  private static final class Cursor {
    private final List<Question> questions;
    private int index;
    private int row;

    Cursor(List<Question> questions) {
      this.questions = questions;
    }

    /** Visits the next {@code count} rows, those of one question together. */
    void advance(int count, Segment visitor) {
      for (int at = 0; at < count; ) {
        Question question = questions.get(index);
        int n = Math.min(count - at, question.rows() - row);
        visitor.visit(question, row, n, at);
        at += n;
        row += n;
        if (row == question.rows()) {
          index++;
          row = 0;
        }
      }
    }
  }

  /** Rows [row, row + count) of a question, standing at row {@code at} of the batch. */
  private interface Segment {
    void visit(Question question, int row, int count, int at);
  }

  /** Frees the native memory; no run may be in progress. */
  @Override
  public void close() {
    plans.forEach(sized -> sized.plan.close());
    variables.close();
  }
}
