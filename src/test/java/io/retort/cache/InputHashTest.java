package io.retort.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class InputHashTest {
  private final InputHash hash = new InputHash();

  @Test
  void of_equalInputs_areEqualWhateverWasHashedBetween() {
    Object first = hash.of(1, new float[] {1, 2, 3});
    hash.of(1, new float[100_000]);
    hash.of(1, new float[2]);

    assertThat(hash.of(1, new float[] {1, 2, 3})).isEqualTo(first);
  }

  @Test
  void of_anyOtherInput_isAnother() {
    Set<Object> hashes = new HashSet<>();
    for (int length = 1; length <= 64; length++) {
      float[] features = new float[length];
      assertThat(hashes.add(hash.of(1, features))).isTrue();
      assertThat(hashes.add(hash.of(2, features))).isTrue();
      for (int i = 0; i < length; i++) {
        features[i] = Float.MIN_VALUE;
        assertThat(hashes.add(hash.of(1, features))).isTrue();
        features[i] = 0;
      }
    }
  }
}
