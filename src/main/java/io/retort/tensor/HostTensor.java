package io.retort.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor's values in memory that Java sees: dense, row-major, little-endian. The buffer is never
 * written through this record and may be a mapped file.
 *
 * @param data exactly {@code shape.size() * dtype.bytes()} bytes from position 0
 */
public record HostTensor(Shape shape, DType dtype, ByteBuffer data) {
  public HostTensor {
    long bytes = shape.size() * dtype.bytes();
    if (data.remaining() != bytes) {
      throw new IllegalArgumentException(
          "[tensor] data of "
              + shape
              + " "
              + dtype
              + " must have "
              + bytes
              + " bytes: "
              + data.remaining());
    }
    data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A float32 tensor of a copy of these values. */
  public static HostTensor of(Shape shape, float... values) {
    ByteBuffer data = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    return new HostTensor(shape, DType.FLOAT32, data);
  }

  /** An int32 tensor of a copy of these values. */
  public static HostTensor ofInts(Shape shape, int... values) {
    ByteBuffer data = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    data.asIntBuffer().put(values);
    return new HostTensor(shape, DType.INT32, data);
  }

  /** A copy of the values of a float32 tensor. */
  public float[] floats() {
    require(DType.FLOAT32);
    float[] values = new float[Math.toIntExact(shape.size())];
    data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  /** A copy of the values of an int32 tensor. */
  public int[] ints() {
    require(DType.INT32);
    int[] values = new int[Math.toIntExact(shape.size())];
    data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
    return values;
  }

  private void require(DType wanted) {
    if (dtype != wanted) {
      throw new IllegalStateException("[tensor] elements must be " + wanted + ": " + dtype);
    }
  }
}
