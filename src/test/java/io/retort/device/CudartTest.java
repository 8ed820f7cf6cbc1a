package io.retort.device;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

class CudartTest {
  @Test
  void open_librariesOfTheDriverMissing_isAnExceptionThatSaysSo() {
    assumeTrue(NvidiaDriver.absence() != null, "an NVIDIA device is here");

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(Cudart::new)
          .isInstanceOf(DeviceUnavailableException.class)
          .hasMessageMatching("(CUDA's libraries could not be loaded|no GPU to run on): .+");
    }
  }

  @Test
  void open_buildWithoutKernels_saysHowToMakeThem() {
    assumeTrue(
        CudaDevice.class.getResource("linux-x86_64/libretort_cuda.so") == null,
        "this build has CUDA kernels");

    assertThatThrownBy(() -> CudaDevice.open(1))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessage("this build of Retort has no CUDA kernels (mvn -Pcuda makes them)");
  }
}
