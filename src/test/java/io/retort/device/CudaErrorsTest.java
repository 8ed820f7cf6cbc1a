package io.retort.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaErrorsTest {
  @ParameterizedTest
  @ValueSource(ints = {46, 700, 719, 999})
  void of_errorThatLasts_isALostDevice(int code) {
    assertThat(CudaErrors.of(code, "cudaErrorIllegalAddress, words", "a copy"))
        .isInstanceOf(DeviceLostException.class)
        .hasMessageEndingWith("cudaErrorIllegalAddress, words");
  }

  @Test
  void of_errorOfOneCall_saysWhatFailed() {
    assertThat(CudaErrors.of(1, "cudaErrorInvalidValue, words", "a copy"))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage("[cuda] a copy must succeed: cudaErrorInvalidValue, words");
  }
}
