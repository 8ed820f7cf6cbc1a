package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Native.UnaryOp;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FusionTest {
  private static final Shape ONE = Shape.of(1);
  private final Device device = Device.open(DeviceKind.CPU, 1);
  private final Variables variables = new Variables(device);

  @AfterEach
  void close() {
    variables.close();
    device.close();
  }

  @Test
  void run_fusedLayers_areOneCallEach() {
    Graph g = new Graph(Mode.INFERENCE);
    Value x = g.input("x", Shape.of(1, 1, 6, 6), DType.FLOAT32);
    Value w = g.parameter("w", Shape.of(4, 1, 3, 3), Initializers.uniform(1));
    Value h = g.relu(g.bias(g.conv2d(x, w, Window2d.square(3), 1), parameter(g, "b", 4)));
    Value y =
        g.gelu(
            g.bias(
                g.matmul(g.flatten(h), parameter(g, "v", 5, 64), false, true),
                parameter(g, "c", 5)));
    g.output("y", y);
    variables.declare(g, 2);
    try (Plan fused = Plan.compile(g, device, variables);
        Plan plain = Plan.compile(g, device, variables, Passes.NONE)) {
      assertThat(fused.describe())
          .endsWith("2 calls, " + fused.bytes() + " bytes, 256 of them shared\n");
      assertThat(plain.describe()).contains("6 calls");
      assertSame(fused, plain, "y");
    }
  }

  @Test
  void run_fusedLayerWithReadIntermediate_keepsIt() {
    Graph g = new Graph(Mode.INFERENCE);
    Value z =
        g.bias(
            g.matmul(
                g.input("x", Shape.of(2, 3), DType.FLOAT32), parameter(g, "w", 3, 4), false, false),
            parameter(g, "b", 4));
    g.output("z", z);
    g.output("y", g.relu(z));
    variables.declare(g, 2);
    try (Plan fused = Plan.compile(g, device, variables);
        Plan plain = Plan.compile(g, device, variables, Passes.NONE)) {
      assertThat(fused.describe()).contains("2 calls");
      assertSame(fused, plain, "z");
      assertSame(fused, plain, "y");
    }
  }

  @Test
  void compile_trainingWithRelu_fusesAndWithGeluKeepsItsInput() {
    for (boolean relu : new boolean[] {true, false}) {
      Graph g = new Graph(Mode.TRAINING);
      Value w = parameter(g, "w" + relu, 3, 4);
      Value z =
          g.bias(
              g.matmul(g.input("x", Shape.of(2, 3), DType.FLOAT32), w, false, false),
              parameter(g, "b", 4));
      g.output("dw", Gradients.of(g, g.sum(relu ? g.relu(z) : g.gelu(z)), List.of(w)).get(w));
      g.output("y", relu ? g.relu(z) : g.gelu(z));
      variables.declare(g, 2);
      try (Plan plan = Plan.compile(g, device, variables);
          Plan plain = Plan.compile(g, device, variables, Passes.NONE)) {
        assertThat(plan.describe())
            .contains("activation=" + (relu ? "relu" : "none"))
            .doesNotContain("bias(");
        assertSame(plan, plain, "y");
        assertSame(plan, plain, "dw");
      }
    }
  }

  @Test
  void compile_activationBeforeMaxPool_takesItsGradientOfThePooledTensor() {
    for (UnaryOp op : new UnaryOp[] {UnaryOp.relu, UnaryOp.tanh}) {
      Graph g = new Graph(Mode.TRAINING);
      Value x = g.input("x", Shape.of(2, 1, 6, 6), DType.FLOAT32);
      Value w = parameter(g, "w", 3, 1, 2, 2);
      Value h = g.unary(op, g.conv2d(x, w, Window2d.square(2), 1));
      Value loss = g.sumOfSquares(g.maxPool2d(h, Window2d.square(3, 2, 1)));
      g.output("dw", Gradients.of(g, loss, List.of(w)).get(w));
      variables.declare(g, 2);
      try (Plan fused = Plan.compile(g, device, variables);
          Plan plain = Plan.compile(g, device, variables, Passes.NONE)) {
        assertThat(plain.describe()).contains("[2, 3, 5, 5] = unary_backward");
        assertThat(fused.describe())
            .contains("[2, 3, 3, 3] = unary_backward")
            .doesNotContain("[2, 3, 5, 5] = unary_backward");
        assertSame(fused, plain, "dw");
      }
    }
  }

  private static Value parameter(Graph g, String path, int... dims) {
    return g.parameter(path, Shape.of(dims), Initializers.uniform(1));
  }

  private static void assertSame(Plan actual, Plan expected, String output) {
    for (Plan plan : List.of(actual, expected)) {
      Feed x = plan.input("x");
      for (int i = 0; i < x.shape().size(); i++) {
        x.floats().put(i, (float) Math.cos(i));
      }
      plan.run();
    }
    for (int i = 0; i < expected.output(output).floats().capacity(); i++) {
      float wanted = expected.output(output).floats().get(i);
      assertThat(actual.output(output).floats().get(i))
          .isCloseTo(wanted, within(1e-5f * Math.max(1, Math.abs(wanted))));
    }
  }
}
