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

class ScheduleTest {
  private static final Shape ONE = Shape.of(1);
  private final Device device = Device.open(DeviceKind.CPU, 1);
  private final Variables variables = new Variables(device);

  @AfterEach
  void close() {
    variables.close();
    device.close();
  }

  @Test
  void run_updatedParameter_isReadBeforeItChanges() {
    Graph g = new Graph(Mode.TRAINING);
    Value w = g.parameter("w", Shape.of(2), Initializers.constant(3));
    Value loss = g.sum(g.unary(UnaryOp.square, w));
    Value gradient = Gradients.of(g, loss, List.of(w)).get(w);
    g.sgd(w, gradient, g.constant(ONE, 0.5f), null, SgdSettings.plain());
    g.output("later", g.add(g.reshape(w, Shape.of(1, 2)), g.constant(Shape.of(1, 2), 0)));
    g.output("w", w);
    g.output("view", g.reshape(w, Shape.of(2, 1)));
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.run();
      for (String output : List.of("later", "w", "view")) {
        assertThat(plan.output(output).floats().get(0)).as(output).isEqualTo(3);
      }
      assertThat(variables.get("w").floats()).containsExactly(0, 0);
    }
  }

  @Test
  void run_twoUpdatesThatReadEachOther_bothSeeTheOldValues() {
    Graph g = new Graph(Mode.TRAINING);
    Value a = g.parameter("a", ONE, Initializers.constant(1));
    Value b = g.parameter("b", ONE, Initializers.constant(10));
    g.sgd(a, b, g.constant(ONE, 1), null, SgdSettings.plain());
    g.sgd(b, a, g.constant(ONE, 1), null, SgdSettings.plain());
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.run();
      assertThat(variables.get("a").floats()).containsExactly(-9);
      assertThat(variables.get("b").floats()).containsExactly(9);
    }
  }

  @Test
  void run_sharedWeights_trainOnce() {
    Graph g = new Graph(Mode.TRAINING);
    Value x = g.input("x", Shape.of(1, 1), DType.FLOAT32);
    Value w = g.parameter("w", Shape.of(1, 1), Initializers.constant(2));
    Value again = g.parameter("w", Shape.of(1, 1), Initializers.constant(7));
    Value y = g.matmul(g.matmul(x, w, false, false), again, false, false);
    Value gradient = Gradients.of(g, g.sum(y), List.of(w)).get(w);
    g.sgd(w, gradient, g.constant(ONE, 0.1f), null, SgdSettings.plain());
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.input("x").write(3);
      plan.run();
      assertThat(variables.get("w").floats()[0]).isCloseTo(2 - 0.1f * 2 * 2 * 3, within(1e-6f));
    }
  }

  @Test
  void run_inferenceMode_hasNoDropoutAndUsesRunningStatistics() {
    Graph g = new Graph(Mode.INFERENCE);
    Value x = g.input("x", Shape.of(2, 1), DType.FLOAT32);
    Value mean = g.state("mean", ONE, Initializers.constant(3));
    Value variance = g.state("variance", ONE, Initializers.constant(4));
    Value gamma = g.parameter("gamma", ONE, Initializers.ones());
    Value beta = g.parameter("beta", ONE, Initializers.constant(10));
    Value dropped = g.dropout(x, 0.5f, g.input("seed", Shape.of(2), DType.INT32));
    assertThat(dropped).isSameAs(x);
    g.output("y", g.batchNorm(x, gamma, beta, mean, variance, 0.1f, 0));
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.input("x").write(new float[] {3, 7}, 0, 2);
      plan.run();
      assertThat(plan.output("y").floats().get(0)).isEqualTo(10);
      assertThat(plan.output("y").floats().get(1)).isEqualTo(12);
      assertThat(variables.get("mean").floats()).containsExactly(3);
    }
  }

  @Test
  void run_trainingMode_movesRunningStatistics() {
    Graph g = new Graph(Mode.TRAINING);
    Value x = g.input("x", Shape.of(2, 1), DType.FLOAT32);
    Value mean = g.state("mean", ONE, Initializers.zeros());
    Value variance = g.state("variance", ONE, Initializers.ones());
    Value y =
        g.batchNorm(
            x, parameter(g, "gamma", 1), parameter(g, "beta", 1), mean, variance, 0.5f, 1e-5f);
    g.output("y", y);
    g.output("mean", mean);
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.input("x").write(new float[] {3, 7}, 0, 2);
      plan.run();
      assertThat(variables.get("mean").floats()).containsExactly(2.5f);
      assertThat(variables.get("variance").floats()).containsExactly(0.5f + 0.5f * 8);
      assertThat(plan.output("mean").scalar()).isEqualTo(2.5f);
    }
  }

  @Test
  void run_clippedGradients_haveTheLargestNorm() {
    Graph g = new Graph(Mode.TRAINING);
    Value a = g.constant(Shape.of(2), 3, 0);
    Value b = g.constant(ONE, 4);
    g.output("clipped", g.clipScale(List.of(a, b), g.scalar("maxNorm")));
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.input("maxNorm").write(2.5f);
      plan.run();
      assertThat(plan.output("clipped").scalar()).isCloseTo(0.5f, within(1e-6f));
      plan.input("maxNorm").write(6);
      plan.run();
      assertThat(plan.output("clipped").scalar()).isEqualTo(1);
    }
  }

  @Test
  void compile_updates_runAsSoonAsTheirGradientsAre() {
    Graph g = new Graph(Mode.TRAINING);
    Value h =
        g.matmul(
            g.input("x", Shape.of(1, 3), DType.FLOAT32), parameter(g, "w", 3, 3), false, false);
    Value loss = g.sum(g.matmul(h, parameter(g, "v", 3, 3), false, false));
    Gradients.of(g, loss, g.parameters())
        .forEach((p, dp) -> g.sgd(p, dp, g.scalar("rate"), null, SgdSettings.plain()));
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      String calls = plan.describe();
      assertThat(calls.indexOf("sgd(")).isLessThan(calls.lastIndexOf("matmul("));
    }
  }

  private static Value parameter(Graph g, String path, int... dims) {
    return g.parameter(path, Shape.of(dims), Initializers.uniform(1));
  }
}
