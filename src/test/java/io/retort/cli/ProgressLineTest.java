package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private final ProgressLine line =
      new ProgressLine(new PrintStream(text, true, StandardCharsets.UTF_8), false);

  @Test
  void show_intoAFile_printsStartNewAccuracyAndEnd() {
    Map<String, Double> loss = Map.of("total", 0.5);
    line.show("j", "distill", 1, 2, 1, 20, loss, Double.NaN, 1000);
    line.show("j", "distill", 1, 2, 5, 20, loss, Double.NaN, 1000);
    line.show("j", "distill", 1, 2, 10, 20, loss, 0.91, 1000);
    line.show("j", "distill", 2, 2, 15, 20, loss, 0.91, 1000);
    line.show("j", "distill", 2, 2, 20, 20, loss, 0.92, 1000);
    assertThat(text.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "j distill 1/20 epoch 1/2 total 0.5000 1,000/s",
            "j distill 10/20 epoch 1/2 total 0.5000 accuracy 91.00 % 1,000/s",
            "j distill 20/20 epoch 2/2 total 0.5000 accuracy 92.00 % 1,000/s");
  }

  @Test
  void show_anotherPhase_startsAnotherLine() {
    line.show("j", "teacher", 1, 1, 1, 2, Map.of(), Double.NaN, 0);
    line.show("j", "soft-labels", 0, 0, 1, 2, Map.of(), Double.NaN, 0);
    assertThat(text.toString(StandardCharsets.UTF_8).lines())
        .containsExactly("j teacher 1/2 epoch 1/1", "j soft-labels 1/2 ");
  }
}
