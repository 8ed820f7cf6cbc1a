package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Native.BinaryOp;
import io.retort.device.Native.UnaryOp;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever the graph: fusing, sharing memory and working in place change nothing. */
class RandomGraphTest {
  private static final UnaryOp[] BOUNDED = {
    UnaryOp.relu, UnaryOp.gelu, UnaryOp.tanh, UnaryOp.sigmoid, UnaryOp.huber, UnaryOp.absolute
  };
  private static final BinaryOp[] GROWING_SLOWLY = {
    BinaryOp.add, BinaryOp.subtract, BinaryOp.maximum, BinaryOp.minimum
  };
  private static Device device;

  @BeforeContainer
  static void open() {
    device = Device.open(DeviceKind.CPU, 1);
  }

  @AfterContainer
  static void close() {
    device.close();
  }

  @Property(tries = 300, seed = "42")
  void compile_forwardGraph_passesChangeNothing(@ForAll long seed) {
    Graph graph = new Graph(Mode.TRAINING);
    List<Value> pool = grow(graph, new SplittableRandom(seed));
    SplittableRandom random = new SplittableRandom(seed + 1);
    for (int i = 0; i < 3; i++) {
      graph.output("y" + i, pool.get(random.nextInt(pool.size())));
    }
    comparePlans(graph, seed);
  }

  @Property(tries = 200, seed = "43")
  void compile_trainingGraph_passesChangeNothing(@ForAll long seed) {
    Graph graph = new Graph(Mode.TRAINING);
    List<Value> pool = grow(graph, new SplittableRandom(seed));
    Value loss = graph.constant(Shape.of(1), 0);
    for (Value value : pool) {
      loss = graph.add(loss, graph.mean(graph.unary(UnaryOp.huber, value)));
    }
    Map<Value, Value> gradients = Gradients.of(graph, loss, graph.parameters());
    Value scale = graph.clipScale(gradients.values(), graph.constant(Shape.of(1), 1));
    Value rate = graph.constant(Shape.of(1), 0.01f);
    gradients.forEach(
        (parameter, gradient) ->
            graph.sgd(
                parameter, gradient, rate, scale, new SgdSettings(0.9f, 0.01f, seed % 2 == 0)));
    graph.output("loss", loss);
    graph.output("some", pool.get(Math.floorMod(seed, pool.size())));
    comparePlans(graph, seed);
  }

  /** Random ops on what is there; every value may be read several times, or never. */
  private static List<Value> grow(Graph g, SplittableRandom random) {
    List<Value> pool = new ArrayList<>();
    pool.add(g.input("x", Shape.of(4, 6), DType.FLOAT32));
    pool.add(g.input("planes", Shape.of(4, 2, 3, 3), DType.FLOAT32));
    int nodes = 3 + random.nextInt(25);
    for (int i = 0; i < nodes; i++) {
      Value x = pool.get(random.nextInt(pool.size()));
      pool.add(x.shape().rank() == 2 ? matrixOp(g, x, pool, random, i) : planeOp(g, x, random, i));
    }
    return pool;
  }

  private static Value matrixOp(
      Graph g, Value x, List<Value> pool, SplittableRandom random, int i) {
    int columns = x.shape().dim(1);
    Value other = pool.get(random.nextInt(pool.size()));
    return switch (random.nextInt(12)) {
      case 0, 1 -> g.unary(BOUNDED[random.nextInt(BOUNDED.length)], x);
      case 2 -> {
        BinaryOp op = GROWING_SLOWLY[random.nextInt(GROWING_SLOWLY.length)];
        yield Broadcast.fits(other.shape(), x.shape())
            ? g.binary(op, x, other)
            : g.binary(op, x, x);
      }
      case 3, 4 -> {
        int width = 3 + random.nextInt(5);
        Value w = weight(g, "w" + i, width, columns);
        Value y = g.bias(g.matmul(x, w, false, true), weight(g, "b" + i, width));
        yield random.nextBoolean() ? g.relu(y) : random.nextBoolean() ? g.gelu(y) : y;
      }
      case 5 -> g.matmul(g.permute(x, 1, 0), weight(g, "v" + i, 5, columns), true, true);
      case 6 -> g.concat(1, x, g.unary(UnaryOp.tanh, x));
      case 7 -> columns > 1 ? g.slice(x, 1, 1, columns - 1) : g.reshape(x, Shape.of(4, 1));
      case 8 -> g.multiply(x, g.softmax(x, g.constant(Shape.of(1), 1.5f)));
      case 9 -> g.multiply(x, g.unary(UnaryOp.sigmoid, g.mean(x, 1)));
      case 10 -> g.flatten(g.unary(UnaryOp.tanh, g.reshape(x, Shape.of(4, columns, 1, 1))));
      default -> g.dropout(x, 0.3f, g.input("seed", Shape.of(2), DType.INT32));
    };
  }

  private static Value planeOp(Graph g, Value x, SplittableRandom random, int i) {
    Shape s = x.shape();
    int channels = s.dim(1);
    Window2d window = Window2d.square(2, 1, 1);
    return switch (random.nextInt(6)) {
      case 0 -> {
        Value w = weight(g, "k" + i, 3, channels, 2, 2);
        Value y = g.bias(g.conv2d(x, w, window, 1), weight(g, "c" + i, 3));
        yield random.nextBoolean() ? g.relu(y) : y;
      }
      case 1 -> g.maxPool2d(x, window);
      case 2 -> g.avgPool2d(x, Window2d.square(s.dim(2) > 2 ? 2 : 1));
      case 3 -> g.flatten(x);
      case 4 -> {
        Value mean = g.state("mean" + i, Shape.of(channels), Initializers.zeros());
        Value variance = g.state("variance" + i, Shape.of(channels), Initializers.ones());
        Value gamma = weight(g, "gamma" + i, channels);
        g.mode(random.nextBoolean() ? Mode.TRAINING : Mode.INFERENCE);
        yield g.batchNorm(x, gamma, weight(g, "beta" + i, channels), mean, variance, 0.1f, 0.1f);
      }
      default -> g.relu(x);
    };
  }

  private static Value weight(Graph g, String path, int... dims) {
    return g.parameter(path, Shape.of(dims), Initializers.uniform(0.7));
  }

  private static void comparePlans(Graph graph, long seed) {
    try (Variables plain = new Variables(device);
        Variables passed = new Variables(device)) {
      plain.declare(graph, seed);
      passed.declare(graph, seed);
      try (Plan expected = Plan.compile(graph, device, plain, Passes.NONE);
          Plan actual = Plan.compile(graph, device, passed)) {
        assertThat(actual.bytes()).isLessThanOrEqualTo(expected.bytes());
        for (int step = 0; step < 3; step++) {
          feed(graph, expected, seed + step);
          feed(graph, actual, seed + step);
          expected.run();
          actual.run();
          assertThat(results(graph, actual, passed).keySet()).isNotEmpty();
          compare(results(graph, actual, passed), results(graph, expected, plain), graph, actual);
        }
      }
    }
  }

  private static void feed(Graph graph, Plan plan, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    graph
        .inputs()
        .forEach(
            (name, value) -> {
              for (int i = 0; i < value.shape().size(); i++) {
                if (value.dtype() == DType.INT32) {
                  plan.input(name).ints().put(i, random.nextInt());
                } else {
                  plan.input(name).floats().put(i, (float) random.nextDouble() * 2 - 1);
                }
              }
            });
  }

  private static Map<String, float[]> results(Graph graph, Plan plan, Variables variables) {
    Map<String, float[]> results = new HashMap<>();
    graph
        .outputs()
        .forEach(
            (name, value) -> {
              float[] elements = new float[(int) value.shape().size()];
              plan.output(name).read(elements, 0);
              results.put(name, elements);
            });
    variables.paths().forEach(path -> results.put(path, variables.get(path).floats()));
    return results;
  }

  private static void compare(
      Map<String, float[]> actual, Map<String, float[]> expected, Graph graph, Plan plan) {
    expected.forEach(
        (name, elements) -> {
          for (int i = 0; i < elements.length; i++) {
            float tolerance = 1e-4f * Math.max(1, Math.abs(elements[i]));
            if (!(Math.abs(actual.get(name)[i] - elements[i]) <= tolerance)) {
              fail(
                  "%s at %d must be %s: %s, of\n%s\n%s",
                  name, i, elements[i], actual.get(name)[i], graph.describe(), plan.describe());
            }
          }
        });
  }
}
