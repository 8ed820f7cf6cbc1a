package io.retort.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaDriverTest {
  /** Opens a device as a server does. */
  static final class Program {
    public static void main(String[] arguments) {
      try (Device device = Device.open(DeviceKind.AUTO, 1)) {
        System.out.println("device: " + device.describe());
      }
    }
  }

  @Test
  void absence_fileOfTheDriver_decides(@TempDir Path directory) {
    assertThat(NvidiaDriver.absence(directory.resolve("nvidiactl").toString()))
        .isEqualTo("no NVIDIA driver");
    assertThat(NvidiaDriver.absence(directory.resolve("x").toString(), directory.toString()))
        .isNull();
  }

  @Test
  void open_autoWithoutDriver_saysWhyAndLoadsNothingOfCuda() throws Exception {
    assumeTrue(NvidiaDriver.absence() != null, "an NVIDIA device is here");

    String said = run("-verbose:class", Program.class.getName());

    assertThat(said).containsPattern("device: cpu \\(.*1 thread\\); no NVIDIA driver");
    assertThat(said)
        .contains("io.retort.device.CpuDevice ")
        .doesNotContain("org.bytedeco.cuda", "io.retort.device.Cuda");
  }

  @Test
  void open_cudaWithoutDriver_isRefusedWithTheReason() {
    assumeTrue(NvidiaDriver.absence() != null, "an NVIDIA device is here");

    assertThatThrownBy(() -> Device.open(DeviceKind.CUDA, 1))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessage("device must be auto or cpu here: cuda; no NVIDIA driver");
  }

  private static String run(String... arguments) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"));
    builder.command().addAll(List.of(arguments));
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
