package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.data.Dataset;
import io.retort.tensor.Shape;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class ScoresTest {
  @Test
  void accuracy_ofEqualLogits_countsTheFirst() {
    Dataset data = Dataset.of(Shape.of(1), new byte[4], new int[] {0, 1, 2, 1}, 3);
    FloatBuffer logits = FloatBuffer.wrap(new float[] {1, 1, 1, 0, 5, -1, 3, 2, 1, 2, 2, 0});
    assertThat(Scores.accuracy(logits, data)).isEqualTo(0.5);
  }

  @Test
  void divergence_ofTheSameLogits_isZero() {
    FloatBuffer logits = FloatBuffer.wrap(new float[] {1, 2, 3, -4, 0, 1000});
    assertThat(Scores.divergence(logits, logits, 3)).isCloseTo(0, within(1e-12));
  }

  @Test
  void divergence_ofTwoClasses_isTheFormula() {
    FloatBuffer teacher = FloatBuffer.wrap(new float[] {(float) Math.log(3), 0});
    FloatBuffer student = FloatBuffer.wrap(new float[] {7, 7});
    double expected = 0.75 * Math.log(0.75 / 0.5) + 0.25 * Math.log(0.25 / 0.5);
    assertThat(Scores.divergence(teacher, student, 2)).isCloseTo(expected, within(1e-6));
  }
}
