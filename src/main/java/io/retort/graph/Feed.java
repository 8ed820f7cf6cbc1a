package io.retort.graph;

import io.retort.device.Execution;
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
  private final Execution execution;
  private final ByteBuffer[] bytes;
  private final FloatBuffer[] floats;
  private final IntBuffer[] ints;
  private boolean written;
  private int filled = -1;

  Feed(Plan plan, String name, Value value, Execution execution, long offset) {
    this.plan = plan;
    this.name = name;
    this.shape = value.shape();
    this.dtype = value.dtype();
    this.execution = execution;
    int count = Math.toIntExact(shape.size() * dtype.bytes());
    bytes = new ByteBuffer[execution.slots()];
    floats = new FloatBuffer[bytes.length];
    ints = new IntBuffer[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = execution.input(i, offset, count);
      floats[i] = dtype == DType.FLOAT32 ? bytes[i].asFloatBuffer() : null;
      ints[i] = dtype == DType.INT32 ? bytes[i].asIntBuffer() : null;
    }
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

  /**
   * The memory that the next run reads this input from. Where runs go ahead it is another one after
   * each start; not to be used after the plan is closed.
   */
  public FloatBuffer floats() {
    require(DType.FLOAT32);
    return floats[slot()];
  }

  /** As {@link #floats()}, of an int32 input. */
  public IntBuffer ints() {
    require(DType.INT32);
    return ints[slot()];
  }

  /** As {@link #floats()}, of any element type. */
  public ByteBuffer bytes() {
    plan.requireOpen();
    return bytes[slot()];
  }

  private int slot() {
    written = true;
    return execution.inputSlot();
  }

  /** Takes the value of the run before over into this run's slot where it was not written anew. */
  void carry() {
    int slot = execution.inputSlot();
    if (!written && filled >= 0 && filled != slot) {
      bytes[slot].put(0, bytes[filled], 0, bytes[slot].capacity());
    }
    filled = slot;
    written = false;
  }

  private void require(DType wanted) {
    plan.requireOpen();
    if (dtype != wanted) {
      throw new IllegalArgumentException("[feed] " + name + " must be " + wanted + ": " + dtype);
    }
  }
}
