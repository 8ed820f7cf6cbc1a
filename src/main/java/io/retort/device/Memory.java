package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A block of memory on the CPU: zeroed, aligned to 64 bytes (a cache line, and a whole AVX-512
 * vector), freed by {@link #close()} and never by the garbage collector. Reading and writing are
 * not synchronised.
 */
public final class Memory implements AutoCloseable {
  private static final AtomicLong ALLOCATED = new AtomicLong();

  private final long bytes;
  private final Pointer block;
  private final BytePointer start;
  private final List<TensorView> views = new ArrayList<>();
  private boolean closed;

  Memory(Device device, long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("[memory] a block must have at least 1 byte: " + bytes);
    }
    this.bytes = bytes;
    try {
      block = Native.allocate_memory(bytes);
    } catch (RuntimeException e) {
      throw new OutOfDeviceMemoryException(device.describe(), bytes, e);
    }
    start = new BytePointer(block);
    ALLOCATED.addAndGet(bytes);
  }

  /** Bytes that are allocated now in the whole process, on every device. */
  public static long allocatedBytes() {
    return ALLOCATED.get();
  }

  public long bytes() {
    return bytes;
  }

  /** These bytes, seen from Java in native order; not to be used after {@link #close()}. */
  public ByteBuffer host(long byteOffset, int count) {
    check(byteOffset, count);
    BytePointer from = start.getPointer(byteOffset);
    return from.capacity(count).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  public void write(long byteOffset, ByteBuffer source) {
    host(byteOffset, source.remaining()).put(source.duplicate());
  }

  public void write(long byteOffset, float[] source, int from, int count) {
    host(byteOffset, count * Float.BYTES).asFloatBuffer().put(source, from, count);
  }

  public void write(long byteOffset, int[] source, int from, int count) {
    host(byteOffset, count * Integer.BYTES).asIntBuffer().put(source, from, count);
  }

  public void read(long byteOffset, ByteBuffer destination) {
    destination.duplicate().put(host(byteOffset, destination.remaining()));
  }

  public void read(long byteOffset, float[] destination, int from, int count) {
    host(byteOffset, count * Float.BYTES).asFloatBuffer().get(destination, from, count);
  }

  public void read(long byteOffset, int[] destination, int from, int count) {
    host(byteOffset, count * Integer.BYTES).asIntBuffer().get(destination, from, count);
  }

  synchronized TensorView view(long byteOffset, Shape shape, DType dtype) {
    check(byteOffset, shape.size() * dtype.bytes());
    long[] dims = new long[shape.rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i);
    }
    TensorView view =
        new TensorView(start.getPointer(byteOffset), elementType(dtype), dims.length, dims);
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

  private void check(long byteOffset, long count) {
    if (closed) {
      throw new IllegalStateException("[memory] the block must be open: it was closed");
    }
    Objects.checkFromIndexSize(byteOffset, count, bytes);
  }

  /** Frees the block and every view of it. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    views.forEach(TensorView::deallocate);
    views.clear();
    Native.release_memory(block);
    ALLOCATED.addAndGet(-bytes);
  }
}
