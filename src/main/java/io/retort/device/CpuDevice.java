package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.LoggerFactory;

/** The processor that Java runs on. */
final class CpuDevice implements Device {
  private final int threads;
  private final String reason;
  private final Kernels kernels;
  private final AtomicBoolean toldOfPrecision = new AtomicBoolean();

  /** {@code reason} says why no GPU was taken, where one would have been; else null. */
  CpuDevice(int threads, String reason) {
    this.threads = threadsOf(threads);
    this.reason = reason;
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

  /** The number of threads that a setting means. */
  static int threadsOf(int threads) {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "[device] threads must be 0 (one a core) or more: " + threads);
    }
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  @Override
  public String describe() {
    return reason == null ? name() : name() + "; " + reason;
  }

  private String name() {
    String count = threads == 1 ? "1 thread" : threads + " threads";
    return "cpu (" + Native.describe_cpu().getString() + ", " + count + ")";
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public Kernels kernels(Precision precision) {
    if (precision != Precision.FLOAT32 && toldOfPrecision.compareAndSet(false, true)) {
      LoggerFactory.getLogger(Device.class)
          .info("device: the CPU computes in float32; {} is for CUDA", precision.word());
    }
    return kernels;
  }

  @Override
  public Memory allocate(long bytes) {
    return CpuMemory.of(name(), bytes);
  }

  @Override
  public TensorView view(Memory memory, long byteOffset, Shape shape, DType dtype) {
    return memory.view(byteOffset, shape, dtype);
  }

  @Override
  public Execution prepare(
      Memory memory, Region inputs, Region outputs, Runnable calls, ExecutionSettings settings) {
    return new CpuExecution(memory, inputs, outputs, calls);
  }

  @Override
  public void close() {
    Native.destroy_kernels(kernels);
  }
}
