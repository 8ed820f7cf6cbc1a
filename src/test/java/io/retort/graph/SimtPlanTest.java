package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.ExecutionSettings;
import io.retort.device.Memory;
import io.retort.device.Precision;
import io.retort.device.SimtDevice;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Plans on {@code CudaDevice} with the CUDA kernels, beside the same plans on the CPU. */
class SimtPlanTest {
  private static final ExecutionSettings AHEAD = new ExecutionSettings(Precision.FLOAT32, true);
  private final long before = Memory.allocatedBytes();
  private final Device simt = SimtDevice.open(7);
  private final Device cpu = Device.open(DeviceKind.CPU, 1);
  private final Variables ofSimt = new Variables(simt);
  private final Variables ofCpu = new Variables(cpu);

  @AfterEach
  void close() {
    ofSimt.close();
    ofCpu.close();
    simt.close();
    cpu.close();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  private static Graph distance() {
    Graph g = new Graph(Mode.TRAINING);
    Value x = g.input("x", Shape.of(2, 3), DType.FLOAT32);
    Value target = g.input("target", Shape.of(2, 3), DType.FLOAT32);
    g.output("loss", g.mse(x, target));
    return g;
  }

  @Test
  void run_twice_readsWhatWasWritten() {
    try (Plan plan = Plan.compile(distance(), simt, ofSimt)) {
      plan.input("target").write(new float[] {1, 1, 1, 1, 1, 1}, 0, 6);
      for (int i = 0; i < 4; i++) {
        plan.input("x").write(new float[] {1 + i, 1, 1, 1, 1, 1}, 0, 6);
        plan.run();
        assertThat(plan.output("loss").scalar()).isCloseTo(i * i / 6f, within(1e-6f));
      }
      assertThat(plan.runsAhead()).isFalse();
    }
  }

  @Test
  void start_ahead_inputThatIsNotWrittenKeepsItsValue() {
    try (Plan plan = Plan.compile(distance(), simt, ofSimt, AHEAD)) {
      assertThat(plan.runsAhead()).isTrue();
      plan.input("target").write(new float[] {1, 1, 1, 1, 1, 1}, 0, 6);
      for (int i = 0; i < 6; i++) {
        plan.input("x").write(new float[] {1 + i, 1, 1, 1, 1, 1}, 0, 6);
        plan.start();
        if (i > 0) {
          plan.finish();
          assertThat(plan.output("loss").scalar()).isCloseTo((i - 1) * (i - 1) / 6f, within(1e-6f));
        }
      }
      plan.finish();
      assertThat(plan.output("loss").scalar()).isCloseTo(25 / 6f, within(1e-6f));
    }
  }

  @Test
  void start_onTheCpu_isDoneAtOnce() {
    try (Plan plan = Plan.compile(distance(), cpu, ofCpu, AHEAD)) {
      plan.input("x").write(new float[] {2, 0, 0, 0, 0, 0}, 0, 6);
      plan.start();
      plan.finish();
      assertThat(plan.output("loss").scalar()).isCloseTo(4 / 6f, within(1e-6f));
      assertThat(plan.runsAhead()).isFalse();
    }
  }

  @Test
  void run_withAListener_timesEveryCall() {
    try (Plan plan = Plan.compile(distance(), simt, ofSimt)) {
      plan.input("x").write(new float[] {3, 0, 0, 0, 0, 0}, 0, 6);
      List<Op> ops = new ArrayList<>();
      plan.run((node, nanos) -> ops.add(node.op()));
      assertThat(ops).containsExactly(Op.MSE);
      assertThat(plan.output("loss").scalar()).isCloseTo(1.5f, within(1e-6f));
    }
  }

  /** Every op of the student and of a distillation step, forward, backward and update. */
  private static Graph step() {
    Graph g = new Graph(Mode.TRAINING);
    Value x = g.input("x", Shape.of(3, 1, 8, 8), DType.FLOAT32);
    Value labels = g.input("labels", Shape.of(3), DType.INT32);
    Value teacher = g.input("teacher", Shape.of(3, 4), DType.FLOAT32);
    Value conv = g.parameter("conv/weight", Shape.of(4, 1, 3, 3), Initializers.kaimingUniform(9));
    Value convBias = g.parameter("conv/bias", Shape.of(4), Initializers.uniform(0.1));
    Value linear = g.parameter("linear/weight", Shape.of(4, 36), Initializers.kaimingUniform(36));
    Value linearBias = g.parameter("linear/bias", Shape.of(4), Initializers.uniform(0.1));
    Value y = g.bias(g.conv2d(x, conv, Window2d.square(3, 1, 0), 1), convBias);
    y = g.maxPool2d(g.relu(y), Window2d.square(2, 2, 0));
    Value z = g.bias(g.matmul(g.reshape(y, Shape.of(3, 36)), linear, false, true), linearBias);
    Value soft = g.softmaxKl(z, teacher, g.constant(Shape.of(1), 4));
    Value hard = g.crossEntropy(z, labels);
    g.output("soft", soft);
    g.output("hard", hard);
    Value total =
        g.add(
            g.multiply(soft, g.constant(Shape.of(1), 0.7f)),
            g.multiply(hard, g.constant(Shape.of(1), 0.3f)));
    Value rate = g.scalar("rate");
    Value step = g.scalar("step");
    Gradients.of(g, total, g.parameters(""))
        .forEach(
            (parameter, gradient) ->
                g.adam(parameter, gradient, rate, step, null, AdamSettings.standard()));
    return g;
  }

  private static void feed(Plan plan, int number) {
    for (int i = 0; i < 192; i++) {
      plan.input("x").floats().put(i, (float) Math.sin(i * (number + 1)));
    }
    plan.input("labels").ints().put(0, number % 4).put(1, 3).put(2, 0);
    for (int i = 0; i < 12; i++) {
      plan.input("teacher").floats().put(i, (float) (4 * Math.cos(i + number)));
    }
    plan.input("rate").write(0.01f);
    plan.input("step").write(number + 1);
  }

  @Test
  void start_distillationSteps_trainLikeTheCpu() {
    Graph graph = step();
    ofSimt.declare(graph, 3);
    ofCpu.declare(graph, 3);
    try (Plan plan = Plan.compile(graph, simt, ofSimt, AHEAD);
        Plan reference = Plan.compile(graph, cpu, ofCpu)) {
      List<Float> losses = new ArrayList<>();
      List<Float> expected = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        feed(plan, i);
        plan.start();
        if (i > 0) {
          plan.finish();
          losses.add(plan.output("soft").scalar() + plan.output("hard").scalar());
        }
        feed(reference, i);
        reference.run();
        expected.add(reference.output("soft").scalar() + reference.output("hard").scalar());
      }
      plan.finish();
      losses.add(plan.output("soft").scalar() + plan.output("hard").scalar());
      for (int i = 0; i < 6; i++) {
        assertThat(losses.get(i)).as("step %d", i).isCloseTo(expected.get(i), within(1e-4f));
      }
      for (String path : ofCpu.paths()) {
        assertThat(ofSimt.get(path).floats())
            .as(path)
            .containsExactly(ofCpu.get(path).floats(), within(2e-4f));
      }
    }
  }

  @Test
  void finish_labelOutOfRange_throwsTheKernelsSentenceAndThePlanGoesOn() {
    Graph graph = step();
    ofSimt.declare(graph, 3);
    try (Plan plan = Plan.compile(graph, simt, ofSimt)) {
      feed(plan, 0);
      plan.input("labels").ints().put(1, 4);
      assertThatThrownBy(plan::run)
          .hasMessageContaining("[cross_entropy] labels must be in [0, 4): 4 in row 1");
    }
  }
}
