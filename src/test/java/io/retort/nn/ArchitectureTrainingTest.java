package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.graph.Gradients;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Plan;
import io.retort.graph.SgdSettings;
import io.retort.graph.Value;
import io.retort.graph.Variables;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Layers of every kind, on the real kernels. */
class ArchitectureTrainingTest {
  private static final int BATCH = 16;

  private static final Architecture EVERY_KIND =
      Architecture.of("every-kind", 2, 9, 9)
          .conv(8, 3, 1, 1)
          .batchNorm()
          .relu()
          .residual(b -> b.conv(8, 3, 1, 1).batchNorm().gelu())
          .maxPool(2)
          .residual(b -> b.conv(12, 3, 2, 1), s -> s.conv(12, 1, 2, 0))
          .avgPool(2)
          .flatten()
          .dropout(0.1)
          .linear(16)
          .batchNorm()
          .gelu()
          .linear(3)
          .build();

  private final float[] samples = new float[BATCH * 2 * 9 * 9];
  private final int[] labels = new int[BATCH];

  ArchitectureTrainingTest() {
    Random random = new Random(6);
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < BATCH; i++) {
      labels[i] = random.nextInt(3);
    }
  }

  private Plan training(Device device, Variables variables) {
    Graph graph = new Graph(Mode.TRAINING);
    Value x = graph.input("x", EVERY_KIND.input().batched(BATCH), DType.FLOAT32);
    Value logits = EVERY_KIND.build(graph, "net", x);
    Value loss = graph.crossEntropy(logits, graph.input("labels", Shape.of(BATCH), DType.INT32));
    Map<Value, Value> gradients = Gradients.of(graph, loss, graph.parameters());
    assertThat(gradients.keySet()).containsExactlyInAnyOrderElementsOf(graph.parameters());
    Value rate = graph.scalar("rate");
    gradients.forEach((p, g) -> graph.sgd(p, g, rate, null, SgdSettings.momentum(0.9f)));
    graph.output("loss", loss);
    variables.declare(graph, 1);
    Plan plan = Plan.compile(graph, device, variables);
    plan.input("x").write(samples, 0, samples.length);
    plan.input("labels").write(labels, 0, BATCH);
    plan.input("rate").write(0.05f);
    return plan;
  }

  @Test
  void build_everyKindOfLayer_learnsItsSamplesAndAnswersThem() {
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Variables variables = new Variables(device)) {
      float first = 0;
      float last = 0;
      try (Plan plan = training(device, variables)) {
        for (int step = 0; step < 80; step++) {
          plan.input(Architecture.DROPOUT_SEED).write(new int[] {7, step}, 0, 2);
          plan.run();
          last = plan.output("loss").scalar();
          first = step == 0 ? last : first;
        }
      }
      assertThat(first).isBetween(0.7f, 3f);
      assertThat(last).isLessThan(first / 5);
      assertThat(answers(device, variables)).isEqualTo(labels);
    }
  }

  private int[] answers(Device device, Variables variables) {
    Graph graph = new Graph(Mode.INFERENCE);
    Value x = graph.input("x", EVERY_KIND.input().batched(BATCH), DType.FLOAT32);
    graph.output("logits", EVERY_KIND.build(graph, "net", x));
    float[] logits = new float[BATCH * 3];
    try (Plan plan = Plan.compile(graph, device, variables)) {
      plan.input("x").write(samples, 0, samples.length);
      plan.run();
      plan.output("logits").read(logits, 0);
    }
    int[] best = new int[BATCH];
    for (int i = 0; i < logits.length; i++) {
      best[i / 3] = logits[i] > logits[i / 3 * 3 + best[i / 3]] ? i % 3 : best[i / 3];
    }
    return best;
  }

  @Test
  void variables_afterDeclare_areThoseOfTheArchitecture() {
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Variables variables = new Variables(device)) {
      Graph graph = new Graph(Mode.INFERENCE);
      EVERY_KIND.build(graph, "net", graph.input("x", Shape.of(1, 2, 9, 9), DType.FLOAT32));
      variables.declare(graph, 1);
      assertThat(variables.paths())
          .containsExactlyInAnyOrderElementsOf(
              EVERY_KIND.variables().keySet().stream().map(path -> "net/" + path).toList());
      EVERY_KIND
          .variables()
          .forEach((path, shape) -> assertThat(variables.shape("net/" + path)).isEqualTo(shape));
    }
  }
}
