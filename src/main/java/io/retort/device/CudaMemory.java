package io.retort.device;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Memory of a GPU, a piece of its device's pool; Java reads and writes copies of it. */
final class CudaMemory extends Memory {
  private final MemoryPool<Pointer> pool;
  private final MemoryPool.Piece<Pointer> piece;
  private final CudaTransfer transfer;

  CudaMemory(
      MemoryPool<Pointer> pool,
      MemoryPool.Piece<Pointer> piece,
      long bytes,
      CudaTransfer transfer) {
    super(address(piece), bytes);
    this.pool = pool;
    this.piece = piece;
    this.transfer = transfer;
  }

  static BytePointer address(MemoryPool.Piece<Pointer> piece) {
    return new BytePointer(piece.block()).getPointer(piece.offset());
  }

  @Override
  public ByteBuffer host(long byteOffset, int count) {
    throw new IllegalStateException(
        "[memory] the block must be of the host to be seen from Java: it is the GPU's");
  }

  @Override
  public void write(long byteOffset, ByteBuffer source) {
    ByteBuffer all = source.duplicate();
    transfer.write(
        this,
        byteOffset,
        all.remaining(),
        (part, done) -> part.put(0, all, all.position() + done, part.capacity()));
  }

  @Override
  public void write(long byteOffset, float[] source, int from, int count) {
    transfer.write(
        this,
        byteOffset,
        (long) count * Float.BYTES,
        (part, done) ->
            part.asFloatBuffer()
                .put(source, from + done / Float.BYTES, part.capacity() / Float.BYTES));
  }

  @Override
  public void write(long byteOffset, int[] source, int from, int count) {
    transfer.write(
        this,
        byteOffset,
        (long) count * Integer.BYTES,
        (part, done) ->
            part.asIntBuffer()
                .put(source, from + done / Integer.BYTES, part.capacity() / Integer.BYTES));
  }

  @Override
  public void read(long byteOffset, ByteBuffer destination) {
    ByteBuffer all = destination.duplicate();
    transfer.read(
        this,
        byteOffset,
        all.remaining(),
        (part, done) -> all.put(all.position() + done, part, 0, part.capacity()));
  }

  @Override
  public void read(long byteOffset, float[] destination, int from, int count) {
    transfer.read(
        this,
        byteOffset,
        (long) count * Float.BYTES,
        (part, done) ->
            part.asFloatBuffer()
                .get(destination, from + done / Float.BYTES, part.capacity() / Float.BYTES));
  }

  @Override
  public void read(long byteOffset, int[] destination, int from, int count) {
    transfer.read(
        this,
        byteOffset,
        (long) count * Integer.BYTES,
        (part, done) ->
            part.asIntBuffer()
                .get(destination, from + done / Integer.BYTES, part.capacity() / Integer.BYTES));
  }

  @Override
  void release() {
    pool.release(piece);
  }
}
