package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;

/** The processor that Java runs on. */
final class CpuDevice implements Device {
  private final int threads;
  private final Kernels kernels;

  CpuDevice(int threads) {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "[device] threads must be 0 (one a core) or more: " + threads);
    }
    this.threads = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    try {
      kernels = Native.create_cpu_kernels(this.threads);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      throw new DeviceUnavailableException(
          "the kernels for "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + " could not be loaded: "
              + e.getMessage(),
          e);
    }
  }

  @Override
  public String describe() {
    String count = threads == 1 ? "1 thread" : threads + " threads";
    return "cpu (" + Native.describe_cpu().getString() + ", " + count + ")";
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public Memory allocate(long bytes) {
    return new Memory(this, bytes);
  }

  @Override
  public TensorView view(Memory memory, long byteOffset, Shape shape, DType dtype) {
    return memory.view(byteOffset, shape, dtype);
  }

  @Override
  public void close() {
    Native.destroy_kernels(kernels);
  }
}
