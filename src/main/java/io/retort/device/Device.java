package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;

/** A processor with its memory and its kernels. Safe for use by several threads. */
public interface Device extends AutoCloseable {
  /**
   * Opens a device. Where there is no NVIDIA driver, nothing of CUDA is loaded.
   *
   * @param threads how many threads one kernel call may use on the CPU; 0 for one a core
   * @throws DeviceUnavailableException if {@code wanted} is CUDA and there is none, or it cannot be
   *     used; the message says why
   */
  static Device open(DeviceKind wanted, int threads) {
    if (wanted == DeviceKind.CPU) {
      return new CpuDevice(threads, null);
    }
    String reason = NvidiaDriver.absence();
    Throwable cause = null;
    if (reason == null) {
      try {
        return CudaDevice.open(threads);
      } catch (DeviceUnavailableException | DeviceLostException | OutOfDeviceMemoryException e) {
        reason = e.getMessage();
        cause = e;
      }
    }
    if (wanted == DeviceKind.CUDA) {
      throw new DeviceUnavailableException(
          "device must be auto or cpu here: cuda; " + reason, cause);
    }
    return new CpuDevice(threads, reason);
  }

  /**
   * For a start-up line: {@code cuda (NVIDIA H200, 139 GiB)}, or {@code cpu (x86-64-v4, OpenBLAS
   * Cooperlake, 2 threads); no NVIDIA driver}, with the reason where a GPU would have been taken.
   */
  String describe();

  int threads();

  /** The device's kernels: what {@code native/include/retort/kernels.h} declares. */
  default Kernels kernels() {
    return kernels(Precision.FLOAT32);
  }

  /**
   * Kernels that compute products at this precision; the CPU logs once that it has float32 alone.
   */
  Kernels kernels(Precision precision);

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

  /**
   * Makes calls of {@link #kernels(Precision)} ready to run.
   *
   * @param memory holds inputs and outputs
   * @param calls makes every call, in order and each time the same
   */
  Execution prepare(
      Memory memory, Region inputs, Region outputs, Runnable calls, ExecutionSettings settings);

  /** Frees the kernels. Memory is closed by whoever allocated it. */
  @Override
  void close();
}
