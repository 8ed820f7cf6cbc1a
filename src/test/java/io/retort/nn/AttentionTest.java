package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.graph.AdamSettings;
import io.retort.graph.Gradients;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Plan;
import io.retort.graph.Value;
import io.retort.graph.Variables;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Attention, layer norm and embedding on the real kernels. */
class AttentionTest {
  private static final int BATCH = 32;
  private static final int PLACES = 6;
  private static final int TOKENS = 8;

  /** Which tokens stand in other places is what attention alone can tell. */
  @Test
  void build_attentionOverTokens_learnsWhetherTheFirstTokenComesAgain() {
    Architecture net =
        Architecture.of("tokens", PLACES)
            .embedding(TOKENS, 16)
            .residual(b -> b.layerNorm().attention(4, false))
            .flatten()
            .linear(2)
            .build();
    Random random = new Random(3);
    int[] tokens = new int[BATCH * PLACES];
    int[] labels = new int[BATCH];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = random.nextInt(TOKENS);
    }
    for (int sample = 0; sample < BATCH; sample++) {
      for (int place = 1; place < PLACES; place++) {
        labels[sample] |= tokens[sample * PLACES + place] == tokens[sample * PLACES] ? 1 : 0;
      }
    }
    Graph graph = new Graph(Mode.TRAINING);
    Value x = graph.input("x", Shape.of(BATCH, PLACES), DType.INT32);
    Value logits = net.build(graph, "net", x);
    Value loss = graph.crossEntropy(logits, graph.input("labels", Shape.of(BATCH), DType.INT32));
    Value rate = graph.constant(Shape.of(1), 0.01f);
    Value step = graph.scalar("step");
    Gradients.of(graph, loss, graph.parameters())
        .forEach((p, g) -> graph.adam(p, g, rate, step, null, AdamSettings.standard()));
    graph.output("loss", loss);
    try (Device device = Device.open(DeviceKind.CPU, 2);
        Variables variables = new Variables(device)) {
      variables.declare(graph, 1);
      try (Plan plan = Plan.compile(graph, device, variables)) {
        plan.input("x").write(tokens, 0, tokens.length);
        plan.input("labels").write(labels, 0, BATCH);
        for (int i = 1; i <= 100; i++) {
          plan.input("step").write(i);
          plan.run();
        }
        assertThat(plan.output("loss").scalar()).isLessThan(0.05f);
      }
    }
  }

  @Test
  void build_causal_seesNoLaterPlace() {
    Architecture net = Architecture.of("places", PLACES, 4).attention(2, true).build();
    Graph graph = new Graph(Mode.INFERENCE);
    Value x = graph.input("x", Shape.of(1, PLACES, 4), DType.FLOAT32);
    graph.output("y", net.build(graph, "net", x));
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Variables variables = new Variables(device)) {
      variables.declare(graph, 1);
      try (Plan plan = Plan.compile(graph, device, variables)) {
        float[] sample = new float[PLACES * 4];
        for (int i = 0; i < sample.length; i++) {
          sample[i] = (float) Math.sin(i);
        }
        float[] before = run(plan, sample);
        sample[4 * 4] += 1;
        float[] after = run(plan, sample);
        for (int i = 0; i < sample.length; i++) {
          assertThat(before[i] == after[i]).as("at " + i).isEqualTo(i < 4 * 4);
        }
      }
    }
  }

  private static float[] run(Plan plan, float[] sample) {
    plan.input("x").write(sample, 0, sample.length);
    plan.run();
    float[] y = new float[sample.length];
    plan.output("y").read(y, 0);
    return y;
  }
}
