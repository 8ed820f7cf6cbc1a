package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.io.File;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * A GPU. All kernels go to one stream, so they share scratch memory, and memory that is given back
 * may be handed out at once. Whoever puts work into the streams holds the lock for as long, because
 * a recording takes in whatever goes to its stream; waiting is done without it, by events.
 */
final class CudaDevice implements Device {
  private static final String LIBRARY = "libretort_cuda.so";

  /** Sums over blocks, and products split along their depth, of any size that training asks for. */
  private static final long SCRATCH_BYTES = 64L << 20;

  private static final int FAULT_BYTES = 64;

  /** Kernels of one precision, and where they note a value that they must refuse. */
  record Backend(Kernels kernels, CudaRuntime.HostBlock fault) {}

  private final CudaRuntime runtime;
  private final String library;
  private final int threads;
  private final long scratchBytes;
  private final String description;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Precision, Backend> backends = new EnumMap<>(Precision.class);
  private final CudaRuntime.Stream compute;
  private final CudaRuntime.Stream copies;
  private final MemoryPool<Pointer> pool;
  private final MemoryPool.Piece<Pointer> scratch;
  private final CudaTransfer transfer;

  /**
   * Opens the GPU with the kernels out of the jar.
   *
   * @throws DeviceUnavailableException if there are none, or they do not run on it
   */
  static CudaDevice open(int threads) {
    String resource = Loader.getPlatform() + "/" + LIBRARY;
    try {
      File library = Loader.cacheResource(CudaDevice.class, resource);
      if (library == null) {
        throw new DeviceUnavailableException(
            "this build of Retort has no CUDA kernels (mvn -Pcuda makes them)");
      }
      CudaDevice device =
          new CudaDevice(
              new Cudart(), library.getPath(), CpuDevice.threadsOf(threads), SCRATCH_BYTES);
      device.prove();
      return device;
    } catch (IOException | LinkageError e) {
      throw new DeviceUnavailableException(
          "CUDA's libraries could not be loaded: " + e.getMessage(), e);
    }
  }

  CudaDevice(CudaRuntime runtime, String library, int threads, long scratchBytes) {
    this.runtime = runtime;
    this.library = library;
    this.threads = threads;
    this.scratchBytes = scratchBytes;
    description = "cuda (" + runtime.name() + ", " + (runtime.freeAndTotal()[1] >> 30) + " GiB)";
    pool =
        new MemoryPool<>(
            new MemoryPool.Source<>() {
              @Override
              public Pointer take(long bytes) {
                return runtime.allocate(bytes);
              }

              @Override
              public void giveBack(Pointer block) {
                runtime.release(block);
              }
            });
    compute = runtime.stream();
    copies = runtime.stream();
    try {
      transfer = new CudaTransfer(this, runtime, compute);
      scratch = piece(scratchBytes);
    } catch (RuntimeException e) {
      runtime.close();
      throw e;
    }
  }

  /** One kernel, so that a library that this GPU cannot run is found here and not by a model. */
  private void prove() {
    try (Memory memory = allocate(Float.BYTES)) {
      kernels()._fill(view(memory, 0, Shape.of(1), DType.FLOAT32), 1);
      kernels().synchronize();
    } catch (RuntimeException e) {
      close();
      throw new DeviceUnavailableException(
          "the CUDA kernels do not run on " + description + ": " + e.getMessage(), e);
    }
  }

  CudaRuntime runtime() {
    return runtime;
  }

  CudaRuntime.Stream compute() {
    return compute;
  }

  CudaRuntime.Stream copies() {
    return copies;
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  RuntimeException judge(RuntimeException thrown) {
    return runtime.judge(thrown);
  }

  /** Throws what a kernel noted, by the kernels' own words; costs a look at a number otherwise. */
  void throwFault(Backend backend) {
    if (backend.fault().bytes().getInt(0) == 0) {
      return;
    }
    lock();
    try {
      compute.synchronize();
      backend.kernels().synchronize();
    } catch (RuntimeException e) {
      throw judge(e);
    } finally {
      unlock();
    }
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public Kernels kernels(Precision precision) {
    return backend(precision).kernels();
  }

  synchronized Backend backend(Precision precision) {
    return backends.computeIfAbsent(precision, this::opened);
  }

  private Backend opened(Precision precision) {
    CudaRuntime.HostBlock fault = runtime.allocateHost(FAULT_BYTES);
    try (LibrarySettings settings = new LibrarySettings()) {
      settings.stream(compute.handle())
          .scratch(CudaMemory.address(scratch))
          .scratch_bytes(scratchBytes)
          .fault(fault.address())
          .precision(precision.ofKernels());
      return new Backend(Native.open_kernels(library, settings), fault);
    } catch (RuntimeException e) {
      fault.close();
      throw judge(e);
    }
  }

  @Override
  public Memory allocate(long bytes) {
    Memory.requireSize(bytes);
    CudaMemory memory = new CudaMemory(pool, piece(bytes), bytes, transfer);
    lock();
    try {
      compute.zero(memory.at(0, bytes), bytes);
      return memory;
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    } finally {
      unlock();
    }
  }

  private MemoryPool.Piece<Pointer> piece(long bytes) {
    MemoryPool.Piece<Pointer> piece = pool.allocate(bytes);
    if (piece == null) {
      long[] freeAndTotal = runtime.freeAndTotal();
      String room = freeAndTotal[0] + " of the GPU's " + freeAndTotal[1] + " bytes are free";
      throw new OutOfDeviceMemoryException(description, bytes, pool.usedBytes(), room, null);
    }
    return piece;
  }

  @Override
  public TensorView view(Memory memory, long byteOffset, Shape shape, DType dtype) {
    return memory.view(byteOffset, shape, dtype);
  }

  @Override
  public Execution prepare(
      Memory memory, Region inputs, Region outputs, Runnable calls, ExecutionSettings settings) {
    return new CudaExecution(this, memory, inputs, outputs, calls, settings);
  }

  @Override
  public void close() {
    waitForAll();
    for (Backend backend : backends.values()) {
      Native.destroy_kernels(backend.kernels());
      backend.fault().close();
    }
    backends.clear();
    transfer.close();
    pool.release(scratch);
    pool.close();
    compute.close();
    copies.close();
    runtime.close();
  }

  private void waitForAll() {
    try {
      compute.synchronize();
      copies.synchronize();
    } catch (DeviceLostException lost) {
      return;
    }
  }
}
