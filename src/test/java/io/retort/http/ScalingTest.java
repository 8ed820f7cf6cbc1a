package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ScalingTest {

  @Property
  void weights_anyLengths_makeOneOfSamplesThatAreThere(
      @ForAll @IntRange(min = 1, max = 200) int from,
      @ForAll @IntRange(min = 1, max = 200) int to) {
    Scaling scaling = new Scaling(from, to);
    float[] covered = new float[from];
    for (int i = 0; i < to; i++) {
      float sum = 0;
      for (int j = 0; j < scaling.weights(i).length; j++) {
        assertThat(scaling.weights(i)[j]).isNotNegative();
        covered[scaling.first(i) + j] += scaling.weights(i)[j];
        sum += scaling.weights(i)[j];
      }
      assertThat(sum).isCloseTo(1, within(1e-5f));
      assertThat(scaling.first(i)).isGreaterThanOrEqualTo(i == 0 ? 0 : scaling.first(i - 1));
    }
    if (from >= to) {
      for (float share : covered) {
        assertThat(share).isCloseTo((float) to / from, within(1e-4f));
      }
    }
  }

  @Property
  void weights_sameLength_changeNothing(@ForAll @IntRange(min = 1, max = 200) int length) {
    Scaling scaling = new Scaling(length, length);
    for (int i = 0; i < length; i++) {
      assertThat(scaling.first(i)).isEqualTo(i);
      assertThat(scaling.weights(i)).containsExactly(1f);
    }
  }

  @Test
  void weights_wholeMultiple_areTheMeanOfEachPart() {
    Scaling scaling = new Scaling(12, 3);
    for (int i = 0; i < 3; i++) {
      assertThat(scaling.first(i)).isEqualTo(4 * i);
      assertThat(scaling.weights(i)).containsExactly(0.25f, 0.25f, 0.25f, 0.25f);
    }
  }

  @Test
  void weights_twiceAsLong_interpolateBetweenNeighbours() {
    Scaling scaling = new Scaling(2, 4);
    assertThat(scaling.weights(0)).containsExactly(1f);
    assertThat(scaling.weights(1)).containsExactly(0.75f, 0.25f);
    assertThat(scaling.weights(2)).containsExactly(0.25f, 0.75f);
    assertThat(scaling.weights(3)).containsExactly(1f);
  }
}
