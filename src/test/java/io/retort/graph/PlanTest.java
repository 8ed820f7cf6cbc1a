package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Memory;
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

  private static Value parameter(Graph g, String path, int... dims) {
    return g.parameter(path, Shape.of(dims), Initializers.uniform(1));
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
  void compile_again_laysOutAlike() {
    Graph g = trainedClassifier();
    variables.declare(g, 1);
    try (Plan first = Plan.compile(g, device, variables);
        Plan second = Plan.compile(g, device, variables)) {
      assertThat(second.describe()).isEqualTo(first.describe());
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
