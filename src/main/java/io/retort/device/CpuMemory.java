package io.retort.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Memory that Java and the CPU's kernels see alike. */
final class CpuMemory extends Memory {
  private final Pointer block;

  private CpuMemory(Pointer block, long bytes) {
    super(new BytePointer(block), bytes);
    this.block = block;
  }

  /** {@code device} is how a message calls it. */
  static CpuMemory of(String device, long bytes) {
    requireSize(bytes);
    try {
      return new CpuMemory(Native.allocate_memory(bytes), bytes);
    } catch (RuntimeException e) {
      throw new OutOfDeviceMemoryException(device, bytes, allocatedBytes(), null, e);
    }
  }

  @Override
  public ByteBuffer host(long byteOffset, int count) {
    return at(byteOffset, count).capacity(count).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  @Override
  public void write(long byteOffset, ByteBuffer source) {
    host(byteOffset, source.remaining()).put(source.duplicate());
  }

  @Override
  public void write(long byteOffset, float[] source, int from, int count) {
    host(byteOffset, count * Float.BYTES).asFloatBuffer().put(source, from, count);
  }

  @Override
  public void write(long byteOffset, int[] source, int from, int count) {
    host(byteOffset, count * Integer.BYTES).asIntBuffer().put(source, from, count);
  }

  @Override
  public void read(long byteOffset, ByteBuffer destination) {
    destination.duplicate().put(host(byteOffset, destination.remaining()));
  }

  @Override
  public void read(long byteOffset, float[] destination, int from, int count) {
    host(byteOffset, count * Float.BYTES).asFloatBuffer().get(destination, from, count);
  }

  @Override
  public void read(long byteOffset, int[] destination, int from, int count) {
    host(byteOffset, count * Integer.BYTES).asIntBuffer().get(destination, from, count);
  }

  @Override
  void release() {
    Native.release_memory(block);
  }
}
