package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.GpuDevice;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on a GPU, beside the CPU's. */
@Tag("gpu")
class GpuTrainingTest {
  @TempDir Path directory;

  @Test
  void steps_float32_trainLikeTheCpu() {
    Phase phase = SimtTrainingTest.phase("");
    try (Device gpu = GpuDevice.open()) {
      SimtTrainingTest.requireLike(
          SimtTrainingTest.train(gpu, phase), SimtTrainingTest.onTheCpu(phase));
    }
  }

  @Test
  void steps_lowerPrecision_loseLittle() {
    for (String precision : new String[] {"tf32", "bfloat16"}) {
      Phase phase = SimtTrainingTest.phase(", \"precision\": \"" + precision + "\"");
      try (Device gpu = GpuDevice.open()) {
        assertThat(SimtTrainingTest.train(gpu, phase).losses())
            .containsExactly(SimtTrainingTest.onTheCpu(phase).losses(), within(0.03));
      }
    }
  }

  @Test
  void run_wholeJob_reachesTheCpusAccuracy() {
    GpuDevice.open().close();
    Recipe recipe = Trial.soft("\"epochs\": 3, \"batch\": 16");
    Outcome onGpu =
        Trial.run(recipe, Trial.options(directory, "gpu").device(DeviceKind.CUDA).build());
    Outcome onCpu = Trial.run(recipe, Trial.options(directory.resolve("cpu"), "cpu").build());

    assertThat(onGpu.metrics().get("accuracy"))
        .isCloseTo(onCpu.metrics().get("accuracy"), within(0.05));
  }
}
