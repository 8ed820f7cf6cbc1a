package io.retort.graph;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * An input of a plan. What is written stays for every later run until it is written again.
 * Allocates nothing.
 */
public final class Feed {
  private final Plan plan;
  private final String name;
  private final Shape shape;
  private final DType dtype;
  private final ByteBuffer bytes;
  private final FloatBuffer floats;
  private final IntBuffer ints;

  Feed(Plan plan, String name, Value value, ByteBuffer bytes) {
    this.plan = plan;
    this.name = name;
    this.shape = value.shape();
    this.dtype = value.dtype();
    this.bytes = bytes;
    this.floats = dtype == DType.FLOAT32 ? bytes.asFloatBuffer() : null;
    this.ints = dtype == DType.INT32 ? bytes.asIntBuffer() : null;
  }

  public Shape shape() {
    return shape;
  }

  public DType dtype() {
    return dtype;
  }

  /** Writes {@code source[from, from + count)} to the first elements. */
  public void write(float[] source, int from, int count) {
    write(source, from, count, 0);
  }

  /** Writes {@code source[from, from + count)} to the elements from {@code at}. */
  public void write(float[] source, int from, int count, int at) {
    floats().put(at, source, from, count);
  }

  public void write(int[] source, int from, int count) {
    write(source, from, count, 0);
  }

  public void write(int[] source, int from, int count, int at) {
    ints().put(at, source, from, count);
  }

  /** Writes an input of one element. */
  public void write(float value) {
    if (shape.size() != 1) {
      throw new IllegalArgumentException("[feed] " + name + " must have one element: " + shape);
    }
    floats().put(0, value);
  }

  /** The input's memory; not to be used after the plan is closed. */
  public FloatBuffer floats() {
    require(DType.FLOAT32);
    return floats;
  }

  /** The memory of an int32 input; not to be used after the plan is closed. */
  public IntBuffer ints() {
    require(DType.INT32);
    return ints;
  }

  /** The input's memory, of any element type; not to be used after the plan is closed. */
  public ByteBuffer bytes() {
    plan.requireOpen();
    return bytes;
  }

  private void require(DType wanted) {
    plan.requireOpen();
    if (dtype != wanted) {
      throw new IllegalArgumentException("[feed] " + name + " must be " + wanted + ": " + dtype);
    }
  }
}
