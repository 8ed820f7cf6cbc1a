package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GradientsTest {
  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open(DeviceKind.CPU, 2);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @Test
  void of_dropout_dropsTheSameElements() {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = p(graph, "x", 40, 50);
    Value seed = graph.input("seed", Shape.of(2), DType.INT32);
    Value y = graph.dropout(x, 0.25f, seed);
    graph.output("y", y);
    graph.output("dx", Gradients.of(graph, graph.sum(y), List.of(x)).get(x));
    try (Variables variables = new Variables(device)) {
      variables.declare(graph, 3);
      try (Plan plan = Plan.compile(graph, device, variables)) {
        plan.input("seed").write(new int[] {7, 9}, 0, 2);
        plan.run();
        float[] before = variables.get("x").floats();
        int dropped = 0;
        for (int i = 0; i < 2000; i++) {
          float dx = plan.output("dx").floats().get(i);
          assertThat(plan.output("y").floats().get(i)).isCloseTo(dx * before[i], within(1e-6f));
          dropped += dx == 0 ? 1 : 0;
        }
        assertThat(dropped).isBetween(400, 600);
      }
    }
  }

  @Test
  void of_maxWithEqualElements_sharesTheGradient() {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = graph.parameter("x", Shape.of(1, 4), (v, s, r) -> v[1] = v[3] = 2);
    graph.output("dx", Gradients.of(graph, graph.max(x), List.of(x)).get(x));
    assertThat(run(graph, "dx")).containsExactly(0, 0.5f, 0, 0.5f);
  }

  @Test
  void of_partOfTheGraph_buildsNothingElse() {
    Graph graph = new Graph(Mode.TRAINING);
    Value images = graph.input("images", Shape.of(2, 1, 6, 6), DType.FLOAT32);
    Value w = p(graph, "w", 3, 1, 3, 3);
    Value loss = graph.mean(graph.conv2d(images, w, Window2d.square(3), 1));
    Gradients.of(graph, loss, List.of(w));
    assertThat(graph.nodes()).noneMatch(node -> node.op() == Op.CONV2D_BACKWARD_INPUT);
    assertThat(graph.nodes()).anyMatch(node -> node.op() == Op.CONV2D_BACKWARD_WEIGHT);
  }

  @Test
  void of_lossOfWeightOne_multipliesNothing() {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = p(graph, "x", 3, 4);
    Value loss = graph.crossEntropy(x, labels(graph));
    assertThat(Gradients.of(graph, loss, List.of(x)).get(x)).isSameAs(loss.node().output(1));
  }

  @Test
  void of_valueThatTheLossDoesNotNeed_isNamed() {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = p(graph, "student/x", 3);
    Value y = p(graph, "student/y", 3);
    Value loss = graph.sum(graph.add(x, graph.stopGradient(y)));
    assertThatThrownBy(() -> Gradients.of(graph, loss, List.of(x, y)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[gradients] the loss must depend on every value")
        .hasMessageContaining("student/y");
  }

  @Test
  void of_lossWithManyElements_isRefused() {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = p(graph, "x", 3);
    assertThatThrownBy(() -> Gradients.of(graph, x, List.of(x)))
        .hasMessage("[gradients] the loss must be one number: [3]");
  }

  @Test
  void of_gradientOfAGradientWithoutRule_isRefused() {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = p(graph, "x", 3);
    Value dx = Gradients.of(graph, graph.sum(graph.relu(x)), List.of(x)).get(x);
    assertThatThrownBy(() -> Gradients.of(graph, graph.sum(dx), List.of(x)))
        .hasMessageContaining("[gradients] unary_backward must have a gradient");
  }

  private static float[] run(Graph graph, String output) {
    try (Variables variables = new Variables(device)) {
      variables.declare(graph, 1);
      try (Plan plan = Plan.compile(graph, device, variables)) {
        plan.run();
        float[] values = new float[(int) plan.output(output).shape().size()];
        plan.output(output).read(values, 0);
        return values;
      }
    }
  }

  private static Value p(Graph g, String path, int... dims) {
    return g.parameter(path, Shape.of(dims), Initializers.uniform(2));
  }

  private static Value labels(Graph g) {
    return g.input("labels", Shape.of(3), DType.INT32);
  }
}
