package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Memory;
import io.retort.device.Native.UnaryOp;
import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PlanTest {
  private static final Shape ONE = Shape.of(1);
  private final Device device = Device.open(DeviceKind.CPU, 1);
  private final Variables variables = new Variables(device);

  @AfterEach
  void close() {
    variables.close();
    device.close();
  }

  @Test
  void run_tenThousandSteps_learnsAndAllocatesNothing() {
    Graph graph = trainedClassifier();
    variables.declare(graph, 1);
    try (Plan plan = Plan.compile(graph, device, variables)) {
      feedClasses(plan);
      plan.run();
      float before = plan.output("loss").scalar();
      steps(plan, 2000);
      long bytes = Memory.allocatedBytes();
      long resident = residentKilobytes();
      long heap = heapBytes();
      steps(plan, 10_000);
      assertThat(heapBytes() - heap).as("bytes on the heap in 10,000 steps").isLessThan(4096);
      assertThat(Memory.allocatedBytes()).isEqualTo(bytes);
      assertThat(residentKilobytes() - resident).as("kB resident").isLessThan(8192);
      assertThat(plan.output("loss").scalar()).isLessThan(before / 100);
    }
  }

  private static void steps(Plan plan, int count) {
    Feed step = plan.input("step");
    for (int i = 1; i <= count; i++) {
      step.write(i);
      plan.run();
    }
  }

  private static long heapBytes() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  /** 0 where the system does not tell. */
  private static long residentKilobytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }

  private static Graph trainedClassifier() {
    Graph g = new Graph(Mode.TRAINING);
    Value x = g.input("x", Shape.of(4, 1, 6, 6), DType.FLOAT32);
    Value w = g.parameter("conv/weight", Shape.of(4, 1, 3, 3), Initializers.kaimingUniform(9));
    Value b = g.parameter("conv/bias", Shape.of(4), Initializers.zeros());
    Value h = g.relu(g.bias(g.conv2d(x, w, Window2d.square(3), 1), b));
    Value flat = g.flatten(g.maxPool2d(h, Window2d.pool(2)));
    Value v = g.parameter("linear/weight", Shape.of(3, 16), Initializers.kaimingUniform(16));
    Value z =
        g.bias(
            g.matmul(flat, v, false, true),
            g.parameter("linear/bias", Shape.of(3), Initializers.zeros()));
    Value loss = g.crossEntropy(z, g.input("labels", Shape.of(4), DType.INT32));
    g.output("loss", loss);
    Map<Value, Value> gradients = Gradients.of(g, loss, g.parameters());
    Value scale = g.clipScale(gradients.values(), g.constant(ONE, 5));
    Value step = g.scalar("step");
    Value rate = g.constant(ONE, 1e-3f);
    gradients.forEach((p, dp) -> g.adam(p, dp, rate, step, scale, AdamSettings.standard()));
    return g;
  }

  private static void feedClasses(Plan plan) {
    for (int i = 0; i < 4 * 36; i++) {
      plan.input("x").floats().put(i, (float) Math.sin(i * (1 + i / 36)));
    }
    plan.input("labels").write(new int[] {0, 1, 2, 1}, 0, 4);
    plan.input("step").write(1);
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
      assertThat(actual.output(output).floats().get(i)).isCloseTo(wanted, within(1e-5f));
    }
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
  void run_twoModelsTwoInputsTwoOutputs_areIndependent() {
    Graph g = new Graph(Mode.INFERENCE);
    for (String model : List.of("teacher", "student")) {
      Value x = g.input(model + "/x", Shape.of(1, 2), DType.FLOAT32);
      float start = model.equals("teacher") ? 2 : 5;
      Value w = g.parameter(model + "/w", Shape.of(2, 1), Initializers.constant(start));
      g.name(model + "/linear1", g.matmul(x, w, false, false));
      g.output(model, g.at(model + "/linear1"));
    }
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      plan.input("teacher/x").write(new float[] {9, 1, 2}, 1, 2);
      plan.input("student/x").write(new float[] {4}, 0, 1, 1);
      plan.run();
      assertThat(plan.output("teacher").scalar()).isEqualTo(6);
      assertThat(plan.output("student").scalar()).isEqualTo(20);
    }
    assertThat(g.parameters("teacher/")).hasSize(1);
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
  void compile_deepGraph_sharesMemory() {
    Graph g = new Graph(Mode.INFERENCE);
    Value x = g.input("x", Shape.of(16, 64), DType.FLOAT32);
    for (int i = 0; i < 40; i++) {
      x = g.relu(g.matmul(x, parameter(g, "w" + i, 64, 64), false, false));
    }
    g.output("y", x);
    variables.declare(g, 0);
    try (Plan plan = Plan.compile(g, device, variables)) {
      assertThat(plan.arenaBytes()).isEqualTo(2 * 16 * 64 * Float.BYTES);
    }
  }

  @Test
  void close_planAndVariables_freeEveryByte() {
    long before = Memory.allocatedBytes();
    Graph g = trainedClassifier();
    Variables own = new Variables(device);
    own.declare(g, 1);
    Plan plan = Plan.compile(g, device, own);
    assertThat(Memory.allocatedBytes()).isGreaterThan(before);
    own.close();
    assertThatThrownBy(plan::run).isInstanceOf(IllegalStateException.class);
    plan.close();
    plan.close();
    assertThatThrownBy(() -> plan.input("step").write(1)).hasMessageContaining("[plan]");
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void run_labelOutside_throwsAndTrainsNothing() {
    Graph g = trainedClassifier();
    variables.declare(g, 1);
    try (Plan plan = Plan.compile(g, device, variables)) {
      feedClasses(plan);
      plan.input("labels").write(new int[] {0, 1, 3, 1}, 0, 4);
      HostTensor before = variables.get("linear/weight");
      assertThatThrownBy(plan::run).hasMessageContaining("[cross_entropy]");
      assertThat(variables.get("linear/weight").floats()).containsExactly(before.floats());
    }
  }

  @Test
  void input_unknownName_hints() {
    Graph g = trainedClassifier();
    variables.declare(g, 1);
    try (Plan plan = Plan.compile(g, device, variables)) {
      assertThatThrownBy(() -> plan.input("label"))
          .hasMessage("[graph] input must be known: label; did you mean labels?");
      assertThatThrownBy(() -> plan.output("los")).hasMessageContaining("did you mean loss?");
      assertThatThrownBy(() -> plan.input("labels").write(new float[1], 0, 1))
          .hasMessage("[feed] labels must be FLOAT32: INT32");
      assertThatThrownBy(() -> plan.input("x").write(new float[200], 0, 200))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void compile_undeclaredVariable_isNamed() {
    Graph g = trainedClassifier();
    assertThatThrownBy(() -> Plan.compile(g, device, variables))
        .hasMessageContaining("[graph] variable must be known: conv/weight");
  }

  @Test
  void compile_andClose_freesEveryNativeObject() {
    Graph g = trainedClassifier();
    variables.declare(g, 1);
    Plan.compile(g, device, variables).close();
    long objects = Pointer.totalCount();
    for (int i = 0; i < 50; i++) {
      Plan.compile(g, device, variables).close();
    }
    assertThat(Pointer.totalCount()).isLessThanOrEqualTo(objects);
  }
}
