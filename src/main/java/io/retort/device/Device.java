package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;

/** A processor with its memory and its kernels. Safe for use by several threads. */
public interface Device extends AutoCloseable {
  /**
   * Opens a device.
   *
   * @param threads how many threads one kernel call may use on the CPU; 0 for one a core
   * @throws DeviceUnavailableException if {@code wanted} is CUDA and there is none
   */
  static Device open(DeviceKind wanted, int threads) {
    if (wanted == DeviceKind.CUDA) {
      throw new DeviceUnavailableException(
          "device must be auto or cpu: cuda; this build of Retort has no CUDA kernels");
    }
    return new CpuDevice(threads);
  }

  /** For a start-up line: {@code cpu (avx512, OpenBLAS Cooperlake, 2 threads)}. */
  String describe();

  int threads();

  /** The device's kernels: what {@code native/include/retort/kernels.h} declares. */
  Kernels kernels();

  /**
   * Zeroed memory, aligned to 64 bytes.
   *
   * @throws OutOfDeviceMemoryException with what was asked for and what is held
   */
  Memory allocate(long bytes);

  /**
   * A tensor at {@code byteOffset} of {@code memory}. A view is a native object: make it once and
   * keep it. It is freed with the memory that it looks at.
   */
  TensorView view(Memory memory, long byteOffset, Shape shape, DType dtype);

  /** Frees the kernels. Memory is closed by whoever allocated it. */
  @Override
  void close();
}
