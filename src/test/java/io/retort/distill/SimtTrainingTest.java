package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.data.Dataset;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Precision;
import io.retort.device.SimtDevice;
import io.retort.graph.Graph;
import io.retort.graph.Variables;
import io.retort.json.Fields;
import io.retort.nn.Architecture;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Steps of the distillation of the built-in student on {@code CudaDevice}, beside the CPU's. */
class SimtTrainingTest {
  private static final int STEPS = 3;
  private static final int BATCH = 2;

  static Phase phase(String settings) {
    return Trial.soft("\"batch\": 2" + settings).phases().get(1);
  }

  record Run(double[] losses, Map<String, float[]> weights) {}

  /** The student's first steps, started ahead where the device can. */
  static Run train(Device device, Phase phase) {
    Architecture student = Architecture.named("student");
    Dataset data = Trial.train(BATCH * STEPS);
    int[] order = new int[data.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = data.size() - 1 - i;
    }
    FloatBuffer answers = FloatBuffer.allocate(10 * data.size());
    for (int i = 0; i < answers.capacity(); i++) {
      answers.put(i, (float) (5 * Math.sin(i)));
    }
    TrainingState state = new TrainingState(phase);
    StepLosses losses = new StepLosses(phase, state);
    try (Variables variables = new Variables(device)) {
      Map<String, Architecture> models = Map.of("teacher", student, "student", student);
      Graph graph = StepGraph.build(phase, models, data.sample(), BATCH);
      variables.declare(graph, 5);
      try (StepPlan plan =
          new StepPlan(phase, graph, BATCH, device, variables, Map.of("teacher", answers))) {
        for (int i = 0; i < STEPS; i++) {
          plan.gather(data, order, state.position, null);
          plan.schedule(0, 0.1, state.step + 1, losses.weights());
          plan.seed(1, i);
          losses.start(plan);
          state.addSamples(BATCH);
        }
        losses.readAll();
      }
      Map<String, float[]> weights = new TreeMap<>();
      variables.paths().forEach(path -> weights.put(path, variables.get(path).floats()));
      return new Run(
          state.losses().values().stream().mapToDouble(Double::doubleValue).toArray(), weights);
    }
  }

  static Run onTheCpu(Phase phase) {
    try (Device cpu = Device.open(DeviceKind.CPU, 1)) {
      return train(cpu, phase);
    }
  }

  @Test
  void steps_float32_trainLikeTheCpu() {
    Phase phase = phase("");
    try (Device simt = SimtDevice.open(3)) {
      requireLike(train(simt, phase), onTheCpu(phase));
    }
  }

  static void requireLike(Run run, Run expected) {
    assertThat(run.losses()).containsExactly(expected.losses(), within(1e-4));
    expected
        .weights()
        .forEach(
            (path, weights) ->
                assertThat(run.weights().get(path))
                    .as(path)
                    .containsExactly(weights, within(5e-4f)));
  }

  @Test
  void steps_bfloat16_loseLittle() {
    Phase phase = phase(", \"precision\": \"bfloat16\"");
    assertThat(phase.precision()).isEqualTo(Precision.BFLOAT16);
    Run expected = onTheCpu(phase);
    try (Device simt = SimtDevice.open(3)) {
      Run run = train(simt, phase);
      assertThat(run.losses()).containsExactly(expected.losses(), within(0.03));
    }
  }

  @Test
  void phase_itsPrecision_isWrittenOnlyWhereItIsNotFloat32() {
    assertThat(phase("").toMap()).doesNotContainKey("precision");
    Phase phase = phase(", \"precision\": \"tf32\"");
    assertThat(phase.toMap()).containsEntry("precision", "tf32");
    assertThat(Phase.parse(Fields.of("phase", phase.toMap()))).isEqualTo(phase);
  }
}
