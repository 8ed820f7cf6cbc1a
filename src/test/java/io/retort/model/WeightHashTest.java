package io.retort.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightHashTest {
  @Test
  void of_anotherOrder_isTheSame() {
    Map<String, HostTensor> forward = new LinkedHashMap<>();
    forward.put("a", HostTensor.of(Shape.of(2), 1, 2));
    forward.put("b", HostTensor.of(Shape.of(40_000), new float[40_000]));
    Map<String, HostTensor> backward = new LinkedHashMap<>();
    backward.put("b", forward.get("b"));
    backward.put("a", forward.get("a"));
    assertThat(WeightHash.of(forward)).isEqualTo(WeightHash.of(backward)).matches("[0-9a-f]{32}");
  }

  @Test
  void of_anyDifference_isAnother() {
    String hash = WeightHash.of(Map.of("a", HostTensor.of(Shape.of(2), 1, 0)));
    assertThat(WeightHash.of(Map.of("a", HostTensor.of(Shape.of(2), 1, -0f)))).isNotEqualTo(hash);
    assertThat(WeightHash.of(Map.of("b", HostTensor.of(Shape.of(2), 1, 0)))).isNotEqualTo(hash);
    assertThat(WeightHash.of(Map.of("a", HostTensor.of(Shape.of(2, 1), 1, 0)))).isNotEqualTo(hash);
    int bits = Float.floatToIntBits(1);
    assertThat(WeightHash.of(Map.of("a", HostTensor.ofInts(Shape.of(2), bits, 0))))
        .isNotEqualTo(hash);
  }

  @Test
  void of_lastByteOfALongTensor_counts() {
    float[] values = new float[50_001];
    String hash = WeightHash.of(Map.of("a", HostTensor.of(Shape.of(50_001), values)));
    values[50_000] = 1;
    assertThat(WeightHash.of(Map.of("a", HostTensor.of(Shape.of(50_001), values))))
        .isNotEqualTo(hash);
  }
}
