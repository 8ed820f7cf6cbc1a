package io.retort.device;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * What {@link CudaDevice} asks of CUDA: memory, streams, events, and lists of calls recorded for
 * replay. {@link Cudart} answers with a GPU; tests answer with the CPU. Every method throws {@link
 * DeviceLostException} where the device no longer answers.
 */
interface CudaRuntime extends AutoCloseable {
  /** A queue of work; each piece begins after the one before it is done. */
  interface Stream extends AutoCloseable {
    /** For {@link LibrarySettings}. */
    Pointer handle();

    /** From the device or from {@link HostBlock}s to either. */
    void copy(Pointer to, Pointer from, long bytes);

    void zero(Pointer memory, long bytes);

    void record(Event event);

    /** What is put in from now on waits for the last record of the event. */
    void await(Event event);

    /** Kernel calls that go to this stream. */
    void submit(Runnable calls);

    /**
     * Has the calls recorded in place of run; nothing else may be put into the stream meanwhile.
     */
    Recording record(Runnable calls);

    void launch(Recording recording);

    void synchronize();

    @Override
    void close();
  }

  /** A place in a stream. */
  interface Event extends AutoCloseable {
    /** Waits for the last record; at once where there is none. */
    void synchronize();

    @Override
    void close();
  }

  /** Calls that a stream launches together. */
  interface Recording extends AutoCloseable {
    @Override
    void close();
  }

  /** Zeroed memory of the host that the device sees at the same address. */
  interface HostBlock extends AutoCloseable {
    Pointer address();

    /** The bytes in native order. */
    ByteBuffer bytes();

    @Override
    void close();
  }

  /** "NVIDIA H200". */
  String name();

  /** How many bytes the device has free, and how many in all. */
  long[] freeAndTotal();

  /** Memory of the device, whose bytes may be anything; null where there is not so much. */
  Pointer allocate(long bytes);

  void release(Pointer memory);

  HostBlock allocateHost(long bytes);

  Stream stream();

  Event event();

  /** What a kernel's exception comes down to: itself, or that the device was lost. */
  RuntimeException judge(RuntimeException thrown);

  /** Frees what the runtime itself holds. */
  @Override
  void close();
}
