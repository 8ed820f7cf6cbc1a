package io.retort.device;

import static org.bytedeco.cuda.global.cudart.*;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * CUDA by its runtime library, on the first GPU that the process sees ({@code CUDA_VISIBLE_DEVICES}
 * chooses it). This class is loaded only where there is a driver.
 */
final class Cudart implements CudaRuntime {
  /** The runtime that JavaCPP's binding was linked with; packed beside our kernels. */
  private static final String LIBRARY = "libcudart.so.13";

  private static final int LEAST_CAPABILITY = 80;
  private static final int DEVICE = 0;
  private static final int NAME_BYTES = 256;

  /** To ask the device whether it still answers. */
  private final CudaStream probe;

  private final String name;

  /**
   * Loads the runtime and opens the GPU.
   *
   * @throws DeviceUnavailableException if there is none that the kernels run on
   */
  Cudart() {
    try {
      File packed = Loader.cacheResource(Cudart.class, Loader.getPlatform() + "/" + LIBRARY);
      if (packed != null) {
        System.load(packed.getPath());
      }
      name = firstDevice();
    } catch (IOException | LinkageError e) {
      throw new DeviceUnavailableException(
          "CUDA's libraries could not be loaded: " + e.getMessage(), e);
    }
    probe = new CudaStream();
  }

  private static String firstDevice() {
    int[] count = new int[1];
    int code = cudaGetDeviceCount(count);
    if (code != CudaErrors.SUCCESS || count[0] == 0) {
      throw new DeviceUnavailableException(
          "no GPU to run on: " + (code == CudaErrors.SUCCESS ? "CUDA sees none" : reason(code)));
    }
    int[] major = new int[1];
    int[] minor = new int[1];
    check(cudaDeviceGetAttribute(major, cudaDevAttrComputeCapabilityMajor, DEVICE), "a look");
    check(cudaDeviceGetAttribute(minor, cudaDevAttrComputeCapabilityMinor, DEVICE), "a look");
    try (BytePointer text = new BytePointer(NAME_BYTES)) {
      check(cuDeviceGetName(text, NAME_BYTES, DEVICE), "a look");
      String name = text.getString();
      if (10 * major[0] + minor[0] < LEAST_CAPABILITY) {
        throw new DeviceUnavailableException(
            name + " must have compute capability 8.0 or more: " + major[0] + "." + minor[0]);
      }
      return name;
    }
  }

  private static String reason(int code) {
    return cudaGetErrorName(code).getString() + ", " + cudaGetErrorString(code).getString();
  }

  private static void check(int code, String what) {
    if (code != CudaErrors.SUCCESS) {
      forgetError();
      throw CudaErrors.of(code, reason(code), what);
    }
  }

  /** An error that does not last would come up again at the next launch. */
  private static void forgetError() {
    cudaGetLastError();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long[] freeAndTotal() {
    try (SizeTPointer both = new SizeTPointer(2)) {
      check(cudaMemGetInfo(both.getPointer(0), both.getPointer(1)), "a look at the memory");
      return new long[] {both.get(0), both.get(1)};
    }
  }

  @Override
  public Pointer allocate(long bytes) {
    Pointer memory = new Pointer();
    int code = cudaMalloc(memory, bytes);
    if (code == CudaErrors.MEMORY_ALLOCATION) {
      forgetError();
      return null;
    }
    check(code, "an allocation");
    return memory;
  }

  @Override
  public void release(Pointer memory) {
    cudaFree(memory);
    forgetError();
  }

  @Override
  public HostBlock allocateHost(long bytes) {
    return new Pinned(bytes);
  }

  @Override
  public Stream stream() {
    return new CudaStream();
  }

  @Override
  public Event event() {
    return new CudaEvent();
  }

  @Override
  public RuntimeException judge(RuntimeException thrown) {
    if (thrown instanceof DeviceLostException) {
      return thrown;
    }
    int code = cudaStreamQuery(probe.stream);
    forgetError();
    return CudaErrors.isLasting(code)
        ? new DeviceLostException("the GPU no longer answers: " + reason(code), thrown)
        : thrown;
  }

  @Override
  public void close() {
    probe.close();
  }

  private static final class Pinned implements HostBlock {
    private final Pointer address = new Pointer();
    private final ByteBuffer bytes;

    Pinned(long bytes) {
      int code = cudaHostAlloc(address, bytes, cudaHostAllocPortable | cudaHostAllocMapped);
      if (code == CudaErrors.MEMORY_ALLOCATION) {
        forgetError();
        throw new OutOfDeviceMemoryException(
            "the host, for pinned memory,", bytes, Memory.allocatedBytes(), null, null);
      }
      check(code, "an allocation of pinned memory");
      Pointer.memset(address, 0, bytes);
      this.bytes =
          new BytePointer(address).capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    @Override
    public Pointer address() {
      return address;
    }

    @Override
    public ByteBuffer bytes() {
      return bytes;
    }

    @Override
    public void close() {
      cudaFreeHost(address);
      forgetError();
    }
  }

  private static final class CudaEvent implements Event {
    private final CUevent_st event = new CUevent_st();

    CudaEvent() {
      check(cudaEventCreateWithFlags(event, cudaEventDisableTiming), "an event");
    }

    @Override
    public void synchronize() {
      check(cudaEventSynchronize(event), "the work of the GPU");
    }

    @Override
    public void close() {
      cudaEventDestroy(event);
      forgetError();
    }
  }

  private record Graph(CUgraphExec_st executable) implements Recording {
    @Override
    public void close() {
      cudaGraphExecDestroy(executable);
      forgetError();
    }
  }

  private static final class CudaStream implements Stream {
    private final CUstream_st stream = new CUstream_st();

    CudaStream() {
      check(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "a stream");
    }

    @Override
    public Pointer handle() {
      return stream;
    }

    @Override
    public void copy(Pointer to, Pointer from, long bytes) {
      check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "a copy");
    }

    @Override
    public void zero(Pointer memory, long bytes) {
      check(cudaMemsetAsync(memory, 0, bytes, stream), "a fill");
    }

    @Override
    public void record(Event event) {
      check(cudaEventRecord(((CudaEvent) event).event, stream), "an event");
    }

    @Override
    public void await(Event event) {
      check(cudaStreamWaitEvent(stream, ((CudaEvent) event).event, 0), "a wait");
    }

    @Override
    public void submit(Runnable calls) {
      calls.run();
    }

    /** Thread-local: another thread may allocate meanwhile. */
    @Override
    public Recording record(Runnable calls) {
      check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "a capture");
      CUgraph_st graph = new CUgraph_st();
      try {
        calls.run();
      } catch (RuntimeException | Error e) {
        cudaStreamEndCapture(stream, graph);
        forgetError();
        destroy(graph);
        throw e;
      }
      check(cudaStreamEndCapture(stream, graph), "a capture");
      try {
        CUgraphExec_st executable = new CUgraphExec_st();
        check(cudaGraphInstantiate(executable, graph, 0), "a graph");
        check(cudaGraphUpload(executable, stream), "a graph");
        return new Graph(executable);
      } finally {
        destroy(graph);
      }
    }

    private static void destroy(CUgraph_st graph) {
      if (!graph.isNull()) {
        cudaGraphDestroy(graph);
        forgetError();
      }
    }

    @Override
    public void launch(Recording recording) {
      check(cudaGraphLaunch(((Graph) recording).executable(), stream), "a launch");
    }

    @Override
    public void synchronize() {
      check(cudaStreamSynchronize(stream), "the work of the GPU");
    }

    @Override
    public void close() {
      cudaStreamDestroy(stream);
      forgetError();
    }
  }
}
