package io.retort.device;

import org.junit.jupiter.api.Assumptions;

/** The GPU of this machine, for tests that are tagged {@code gpu}. */
public final class GpuDevice {
  private GpuDevice() {}

  /** Skips the test, with the reason, where there is no NVIDIA driver. */
  public static Device open() {
    String absence = NvidiaDriver.absence();
    Assumptions.assumeTrue(absence == null, absence);
    return Device.open(DeviceKind.CUDA, 1);
  }
}
