package io.retort.device;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A {@link CudaDevice} whose kernels run under simt: everything of CUDA but CUDA itself. */
public final class SimtDevice {
  private static final Path LIBRARY = Path.of("target/native/libretort_simt.so").toAbsolutePath();
  private static final long SCRATCH_BYTES = 8L << 20;
  static final long CAPACITY = 1L << 30;

  private SimtDevice() {}

  /** Skips the test, with the reason, where the kernels were built without simt. */
  public static Device open(long seed) {
    return open(new SimtRuntime(seed, CAPACITY));
  }

  static CudaDevice open(SimtRuntime runtime) {
    Assumptions.assumeTrue(
        Files.exists(LIBRARY), "the kernels were built without simt (native.tests=OFF)");
    Native.describe_cpu();
    return new CudaDevice(runtime, LIBRARY.toString(), 1, SCRATCH_BYTES);
  }
}
