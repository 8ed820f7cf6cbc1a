package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Native.BinaryOp;
import io.retort.device.Native.UnaryOp;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every op's forward pass against sums in double, and its gradient against central differences of
 * those sums.
 */
class GradientRulesTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 2e-4;
  private static final Window2d OVERLAPPING = new Window2d(3, 2, 2, 1, 1, 0);
  private static Device device;

  private static final Map<String, Function<Graph, Value>> CASES = new TreeMap<>();

  static {
    for (boolean a : new boolean[] {false, true}) {
      for (boolean b : new boolean[] {false, true}) {
        CASES.put("matmul transposeA " + a + " transposeB " + b, g -> matmul(g, a, b));
      }
    }
    CASES.put("conv2d", g -> conv(g, 4, 3, Window2d.square(3), 1));
    CASES.put("conv2d strided padded", g -> conv(g, 4, 3, OVERLAPPING, 1));
    CASES.put("conv2d groups", g -> conv(g, 4, 2, Window2d.square(3, 1, 1), 2));
    CASES.put("conv2d depthwise", g -> conv(g, 4, 1, Window2d.square(3, 2, 1), 4));
    CASES.put("conv2d pointwise", g -> conv(g, 4, 4, Window2d.square(1), 1));
    CASES.put("bias matrix", g -> g.bias(p(g, "x", 3, 4), p(g, "b", 4)));
    CASES.put("bias planes", g -> g.bias(p(g, "x", 2, 3, 2, 4), p(g, "b", 3)));
    CASES.put("maxPool2d", g -> g.maxPool2d(p(g, "x", 2, 3, 4, 6), Window2d.pool(2)));
    CASES.put("maxPool2d overlapping", g -> g.maxPool2d(p(g, "x", 2, 2, 5, 6), OVERLAPPING));
    CASES.put("avgPool2d", g -> g.avgPool2d(p(g, "x", 2, 3, 4, 6), Window2d.pool(2)));
    CASES.put("avgPool2d overlapping", g -> g.avgPool2d(p(g, "x", 2, 2, 5, 6), OVERLAPPING));
    for (UnaryOp op : UnaryOp.values()) {
      boolean positive = op == UnaryOp.log || op == UnaryOp.sqrt || op == UnaryOp.reciprocal;
      CASES.put(
          "unary " + op, g -> g.unary(op, positive ? positive(g, "x", 3, 5) : p(g, "x", 3, 5)));
    }
    for (BinaryOp op : BinaryOp.values()) {
      int[][] shapes = {{3, 4}, {1}, {3, 1}, {1, 4}};
      for (int[] shape : shapes) {
        String name = "binary " + op + " with " + Shape.of(shape);
        CASES.put(name, g -> g.binary(op, p(g, "x", 3, 4), positive(g, "y", shape)));
        CASES.put(name + " first", g -> g.binary(op, p(g, "x", shape), positive(g, "y", 3, 4)));
      }
      CASES.put(
          "binary " + op + " crosswise",
          g -> g.binary(op, p(g, "x", 3, 1), positive(g, "y", 1, 4)));
    }
    CASES.put("sum", g -> g.sum(p(g, "x", 3, 4)));
    CASES.put("sum axis", g -> g.sum(p(g, "x", 3, 4, 2), 1));
    CASES.put("mean", g -> g.mean(p(g, "x", 3, 4)));
    CASES.put("mean axes", g -> g.mean(p(g, "x", 3, 4, 2), 0, 2));
    CASES.put("max", g -> g.max(p(g, "x", 3, 4)));
    CASES.put("max axis", g -> g.max(p(g, "x", 3, 4, 2), 1));
    CASES.put("sumOfSquares", g -> g.sumOfSquares(p(g, "x", 3, 4)));
    CASES.put("sumOfSquares axis", g -> g.sumOfSquares(p(g, "x", 3, 4), 0));
    CASES.put("reshape", g -> g.reshape(p(g, "x", 3, 4), Shape.of(2, 6)));
    CASES.put("flatten", g -> g.unary(UnaryOp.square, g.flatten(p(g, "x", 3, 2, 2))));
    CASES.put("permute", g -> g.permute(p(g, "x", 3, 4, 2, 5), 2, 0, 3, 1));
    CASES.put("concat", g -> g.concat(1, p(g, "x", 3, 4), p(g, "y", 3, 2), p(g, "z", 3, 1)));
    CASES.put("concat twice", g -> g.concat(0, p(g, "x", 3, 4), p(g, "x", 3, 4)));
    CASES.put("slice", g -> g.slice(p(g, "x", 3, 4, 2), 1, 1, 2));
    CASES.put("softmax", g -> g.softmax(p(g, "x", 3, 4), g.scalar("temperature")));
    CASES.put("logSoftmax", g -> g.logSoftmax(p(g, "x", 3, 4), g.scalar("temperature")));
    CASES.put("softmaxKl", GradientRulesTest::softmaxKl);
    CASES.put("crossEntropy", g -> g.crossEntropy(p(g, "x", 3, 4), labels(g)));
    CASES.put("losses weighted", GradientRulesTest::weighted);
    CASES.put("mse", g -> g.mse(p(g, "x", 3, 4), p(g, "y", 3, 4)));
    CASES.put("batchNorm matrix", g -> batchNorm(g, 5, 3));
    CASES.put("batchNorm planes", g -> batchNorm(g, 2, 3, 2, 4));
    CASES.put("batchNorm inference matrix", g -> batchNormInference(g, 5, 3));
    CASES.put("batchNorm inference planes", g -> batchNormInference(g, 2, 3, 2, 4));
    CASES.put(
        "layerNorm", g -> g.layerNorm(p(g, "x", 5, 7), p(g, "gamma", 7), p(g, "beta", 7), 1e-3f));
    CASES.put("embedding", g -> g.embedding(p(g, "table", 4, 3), labels(g)));
    CASES.put(
        "embedding of one index twice",
        g -> g.embedding(p(g, "table", 3, 5), g.input("indices", Shape.of(2, 2), DType.INT32)));
    CASES.put("attention", g -> attention(g, 3, 5, false, false));
    CASES.put("attention masked", g -> attention(g, 4, 4, true, false));
    CASES.put("attention causal", g -> attention(g, 3, 5, true, true));
    CASES.put("attention of itself", GradientRulesTest::selfAttention);
    CASES.put("shared weights", GradientRulesTest::shared);
    CASES.put(
        "used twice", g -> g.multiply(p(g, "x", 3, 4), g.unary(UnaryOp.tanh, p(g, "x", 3, 4))));
  }

  @BeforeAll
  static void open() {
    device = Device.open(DeviceKind.CPU, 2);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  static Stream<String> cases() {
    return CASES.keySet().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void of_op_agreesWithCentralDifferences(String name) {
    compare(device, name);
  }

  /** Runs a case on a device and throws where it differs from the reference. */
  static void compare(Device device, String name) {
    Graph graph = new Graph(Mode.TRAINING);
    Value y = CASES.get(name).apply(graph);
    Value loss = graph.sum(graph.multiply(y, weights(graph, y.shape())));
    Map<Value, Value> gradients = Gradients.of(graph, loss, graph.parameters());
    graph.output("result", y);
    gradients.forEach((value, gradient) -> graph.output(path(value), gradient));
    try (Variables variables = new Variables(device)) {
      variables.declare(graph, 11);
      Map<Value, double[]> sources = sources(graph, variables);
      try (Plan plan = Plan.compile(graph, device, variables)) {
        feed(plan, graph, sources);
        plan.run();
        check("y", plan.output("result"), new Reference(sources::get).of(y));
        for (Value value : gradients.keySet()) {
          check(path(value), plan.output(path(value)), differences(loss, value, sources));
        }
      }
    }
  }

  private static void check(String what, Fetch fetch, double[] expected) {
    float[] actual = new float[expected.length];
    fetch.read(actual, 0);
    for (int i = 0; i < actual.length; i++) {
      double tolerance = TOLERANCE * Math.max(1, Math.abs(expected[i]));
      assertThat((double) actual[i])
          .as(what + " at " + i)
          .isCloseTo(expected[i], within(tolerance));
    }
  }

  private static double[] differences(Value loss, Value by, Map<Value, double[]> sources) {
    double[] at = sources.get(by);
    double[] gradient = new double[at.length];
    for (int i = 0; i < at.length; i++) {
      double old = at[i];
      at[i] = old + STEP;
      double above = new Reference(sources::get).of(loss)[0];
      at[i] = old - STEP;
      double below = new Reference(sources::get).of(loss)[0];
      at[i] = old;
      gradient[i] = (above - below) / (2 * STEP);
    }
    return gradient;
  }

  private static Map<Value, double[]> sources(Graph graph, Variables variables) {
    Map<Value, double[]> sources = new HashMap<>();
    graph
        .variables()
        .forEach((path, value) -> sources.put(value, doubles(variables.get(path).floats())));
    graph.inputs().forEach((name, value) -> sources.put(value, inputs(name)));
    return sources;
  }

  private static double[] inputs(String name) {
    return switch (name) {
      case "temperature" -> new double[] {2.5};
      case "alpha" -> new double[] {0.3};
      case "labels" -> new double[] {2, 0, 3};
      case "indices" -> new double[] {2, 0, 2, 1};
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static void feed(Plan plan, Graph graph, Map<Value, double[]> sources) {
    graph
        .inputs()
        .forEach(
            (name, value) -> {
              double[] elements = sources.get(value);
              for (int i = 0; i < elements.length; i++) {
                if (value.dtype() == DType.INT32) {
                  plan.input(name).ints().put(i, (int) elements[i]);
                } else {
                  plan.input(name).floats().put(i, (float) elements[i]);
                }
              }
            });
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static String path(Value parameter) {
    return parameter.node().attributes(Attributes.Variable.class).path();
  }

  private static Value p(Graph g, String path, int... dims) {
    return g.parameter(path, Shape.of(dims), Initializers.uniform(2));
  }

  /** Away from 0, where a division has its pole. */
  private static Value positive(Graph g, String path, int... dims) {
    return g.parameter(
        path,
        Shape.of(dims),
        (values, shape, random) -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = 0.5f + 2 * (float) random.nextDouble();
          }
        });
  }

  private static Value weights(Graph g, Shape shape) {
    float[] values = new float[(int) shape.size()];
    Initializers.uniform(1).fill(values, shape, new SplittableRandom(5));
    return g.constant(shape, values);
  }

  private static Value matmul(Graph g, boolean a, boolean b) {
    Value left = a ? p(g, "a", 4, 3) : p(g, "a", 3, 4);
    Value right = b ? p(g, "b", 5, 4) : p(g, "b", 4, 5);
    return g.matmul(left, right, a, b);
  }

  private static Value conv(Graph g, int outputs, int channels, Window2d window, int groups) {
    Value x = p(g, "x", 2, channels * groups, 5, 6);
    Value w = p(g, "w", outputs, channels, window.kernelH(), window.kernelW());
    return g.conv2d(x, w, window, groups);
  }

  private static Value labels(Graph g) {
    return g.input("labels", Shape.of(3), DType.INT32);
  }

  private static Value softmaxKl(Graph g) {
    Value teacher = g.stopGradient(weights(g, Shape.of(3, 4)));
    return g.softmaxKl(p(g, "x", 3, 4), teacher, g.scalar("temperature"));
  }

  private static Value weighted(Graph g) {
    Value soft = softmaxKl(g);
    Value hard = g.crossEntropy(p(g, "x", 3, 4), labels(g));
    Value alpha = g.scalar("alpha");
    Value rest = g.subtract(g.constant(Shape.of(1), 1), alpha);
    return g.add(g.multiply(alpha, soft), g.multiply(rest, hard));
  }

  private static Value batchNorm(Graph g, int... dims) {
    Shape c = Shape.of(dims[1]);
    Value mean = g.state("mean", c, Initializers.zeros());
    Value variance = g.state("variance", c, Initializers.ones());
    Value gamma = p(g, "gamma", dims[1]);
    return g.batchNorm(p(g, "x", dims), gamma, p(g, "beta", dims[1]), mean, variance, 0.1f, 1e-3f);
  }

  private static Value batchNormInference(Graph g, int... dims) {
    g.mode(Mode.INFERENCE);
    return batchNorm(g, dims);
  }

  private static Value attention(Graph g, int queries, int keys, boolean masked, boolean causal) {
    Value mask = masked ? weights(g, Shape.of(2, keys)) : null;
    Value q = p(g, "q", 2, 3, queries, 4);
    return g.attention(q, p(g, "k", 2, 3, keys, 4), p(g, "v", 2, 3, keys, 4), mask, 0.5f, causal);
  }

  private static Value selfAttention(Graph g) {
    Value x = p(g, "x", 1, 2, 4, 3);
    return g.attention(x, x, x, null, 0.6f, true);
  }

  private static Value shared(Graph g) {
    Value w = p(g, "w", 4, 4);
    Value x = p(g, "x", 3, 4);
    Value h = g.unary(UnaryOp.tanh, g.matmul(x, w, false, true));
    return g.matmul(h, p(g, "w", 4, 4), false, false);
  }
}
