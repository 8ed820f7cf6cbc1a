package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;

/**
 * A block of a device's memory: zeroed, aligned to 64 bytes (a cache line, and a whole AVX-512
 * vector) or more, freed by {@link #close()} and never by the garbage collector. Reading and
 * writing wait for what was started on the device before, and are not synchronised among threads.
 */
public abstract class Memory implements AutoCloseable {
  private static final AtomicLong ALLOCATED = new AtomicLong();

  private final long bytes;
  private final BytePointer start;
  private final List<TensorView> views = new ArrayList<>();
  private volatile boolean closed;

  /** {@code start} is an address of the device's. */
  Memory(BytePointer start, long bytes) {
    this.start = start;
    this.bytes = bytes;
    ALLOCATED.addAndGet(bytes);
  }

  static void requireSize(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("[memory] a block must have at least 1 byte: " + bytes);
    }
  }

  /** Bytes that are allocated now in the whole process, on every device. */
  public static long allocatedBytes() {
    return ALLOCATED.get();
  }

  public final long bytes() {
    return bytes;
  }

  /**
   * These bytes, seen from Java in native order; not to be used after {@link #close()}.
   *
   * @throws IllegalStateException if Java does not see this memory
   */
  public abstract ByteBuffer host(long byteOffset, int count);

  public abstract void write(long byteOffset, ByteBuffer source);

  public abstract void write(long byteOffset, float[] source, int from, int count);

  public abstract void write(long byteOffset, int[] source, int from, int count);

  public abstract void read(long byteOffset, ByteBuffer destination);

  public abstract void read(long byteOffset, float[] destination, int from, int count);

  public abstract void read(long byteOffset, int[] destination, int from, int count);

  /** Gives the block back to whom it came from. */
  abstract void release();

  /** An address of the device's, checked to have {@code count} bytes behind it. */
  final BytePointer at(long byteOffset, long count) {
    if (closed) {
      throw new IllegalStateException("[memory] the block must be open: it was closed");
    }
    Objects.checkFromIndexSize(byteOffset, count, bytes);
    return start.getPointer(byteOffset);
  }

  final synchronized TensorView view(long byteOffset, Shape shape, DType dtype) {
    BytePointer data = at(byteOffset, shape.size() * dtype.bytes());
    long[] dims = new long[shape.rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i);
    }
    TensorView view = new TensorView(data, elementType(dtype), dims.length, dims);
    views.add(view);
    return view;
  }

  private static Native.ElementType elementType(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> Native.ElementType.float32;
      case INT32 -> Native.ElementType.int32;
      case UINT8 -> Native.ElementType.uint8;
    };
  }

  /** Frees the block and every view of it. A second call does nothing. */
  @Override
  public final synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    views.forEach(TensorView::deallocate);
    views.clear();
    release();
    ALLOCATED.addAndGet(-bytes);
  }
}
