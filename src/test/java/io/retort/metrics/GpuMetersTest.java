package io.retort.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class GpuMetersTest {
  private static final boolean DRIVER = Files.exists(Path.of("/dev/nvidiactl"));

  @Test
  void read_twoGpus_areBytesAndRatios() {
    var states = GpuMeters.read("0, 1024, 143771, 37\n1, 0, 143771, [N/A]\n\n");

    assertThat(states).containsOnlyKeys("0", "1");
    assertThat(states.get("0"))
        .isEqualTo(new GpuMeters.State("0", 1024.0 * (1 << 20), 143771.0 * (1 << 20), 0.37));
    assertThat(states.get("1").use()).isNaN();
    assertThat(states.get("1").used()).isZero();
  }

  @Test
  void read_somethingElse_isNoGpu() {
    assertThat(GpuMeters.read("NVIDIA-SMI has failed\n")).isEmpty();
  }

  @Test
  void register_programThatAnswers_showsWhatItSays() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();

    GpuMeters.register(registry, List.of("sh", "-c", "echo '0, 1, 4, 50'; echo '1, 2, 4, [N/A]'"));

    assertThat(registry.get("retort.gpu.memory.used").tag("gpu", "1").gauge().value())
        .isEqualTo(2 << 20);
    assertThat(registry.get("retort.gpu.use").tag("gpu", "0").gauge().value()).isEqualTo(0.5);
    assertThat(registry.get("retort.gpu.use").tag("gpu", "1").gauge().value()).isNaN();
  }

  @Test
  void register_programThatFailsOrIsMissing_hasNoMeters() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();

    GpuMeters.register(registry, List.of("sh", "-c", "echo '0, 1, 4, 50'; exit 9"));
    GpuMeters.register(registry, List.of("/nowhere/nvidia-smi"));

    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void register_noDriver_hasNoMeters() {
    assumeTrue(!DRIVER, "an NVIDIA device is here");
    SimpleMeterRegistry registry = new SimpleMeterRegistry();

    GpuMeters.register(registry);

    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void register_driver_showsItsMemory() {
    assumeTrue(DRIVER, "no NVIDIA device is here");
    SimpleMeterRegistry registry = new SimpleMeterRegistry();

    GpuMeters.register(registry);

    assertThat(registry.get("retort.gpu.memory.total").tag("gpu", "0").gauge().value())
        .isBetween(1e9, 1e13);
    assertThat(registry.get("retort.gpu.memory.used").tag("gpu", "0").gauge().value())
        .isBetween(0.0, registry.get("retort.gpu.memory.total").gauge().value());
    assertThat(registry.get("retort.gpu.use").tag("gpu", "0").gauge().value()).isBetween(0.0, 1.0);
  }
}
