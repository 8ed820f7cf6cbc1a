package io.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class HostTensorTest {
  @Test
  void floats_ofWhatWasGiven_areEqual() {
    assertThat(HostTensor.of(Shape.of(3), 1f, -2.5f, Float.NaN).floats())
        .containsExactly(1f, -2.5f, Float.NaN);
    assertThat(HostTensor.ofInts(Shape.of(1, 2), 7, -1).ints()).containsExactly(7, -1);
  }

  @Test
  void data_isLittleEndian() {
    assertThat(HostTensor.ofInts(Shape.of(1), 1).data().get(0)).isEqualTo((byte) 1);
  }

  @Test
  void create_wrongSize_namesBothSizes() {
    assertThatThrownBy(() -> new HostTensor(Shape.of(2), DType.FLOAT32, ByteBuffer.allocate(7)))
        .hasMessageContaining("must have 8 bytes: 7");
  }

  @Test
  void floats_ofInts_isRefused() {
    assertThatThrownBy(() -> HostTensor.ofInts(Shape.of(1), 1).floats())
        .isInstanceOf(IllegalStateException.class);
  }
}
