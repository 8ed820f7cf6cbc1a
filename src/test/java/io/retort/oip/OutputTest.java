package io.retort.oip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.PredictReply;
import org.junit.jupiter.api.Test;

class OutputTest {
  private static final PredictReply REPLY =
      new PredictReply(
          "m", "1", 2, new float[] {0.1f, 0.7f, 0.2f, 0.4f, 0.2f, 0.4f}, PredictReply.Source.MODEL);

  @Test
  void classOf_row_isTheFirstOfTheGreatest() {
    assertThat(Output.classOf(REPLY, 0)).isEqualTo(1);
    assertThat(Output.classOf(REPLY, 1)).isEqualTo(0);
  }

  @Test
  void shapeAndBytes_twoRowsOfThreeClasses_fitEachOther() {
    assertThat(Output.named("probabilities").shape(2, 3)).containsExactly(2, 3);
    assertThat(Output.named("probabilities").bytes(REPLY)).isEqualTo(24);
    assertThat(Output.named("class").shape(2, 3)).containsExactly(2);
    assertThat(Output.named("class").bytes(REPLY)).isEqualTo(16);
  }

  @Test
  void named_another_isRefused() {
    assertThatThrownBy(() -> Output.named("logits"))
        .hasMessage("outputs are probabilities and class: logits came");
  }
}
