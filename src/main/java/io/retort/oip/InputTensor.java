package io.retort.oip;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The one input of every model, {@code features}, as a request describes it: of the shape [rows,
 * numbers of a row] with the row in as many dimensions as the sender likes, or [numbers] for one
 * row. Whether a row has the numbers that the model takes is for the model to say. Its refusals are
 * INVALID_TENSOR.
 */
public final class InputTensor {
  public static final String NAME = "features";
  public static final int MAX_DIMENSIONS = 8;
  private static final int MAX_ELEMENTS = 1 << 27;
  private static final int EXPONENT = 0x7F80_0000;

  private final Datatype datatype;
  private final long[] shape;
  private final int rows;
  private final int elements;

  private InputTensor(Datatype datatype, long[] shape, int rows, int elements) {
    this.datatype = datatype;
    this.shape = shape;
    this.rows = rows;
    this.elements = elements;
  }

  /**
   * A tensor of this shape, which is kept.
   *
   * @throws FailureException for a shape that none can have, or BATCH_TOO_LARGE
   */
  public static InputTensor of(Datatype datatype, long[] shape, int maxRows) {
    if (shape.length < 1 || shape.length > MAX_DIMENSIONS) {
      throw refused("must have 1 to " + MAX_DIMENSIONS + " dimensions: " + shape.length + " came");
    }
    long elements = 1;
    for (long size : shape) {
      if (size < 1) {
        throw refused("must have dimensions of at least 1: its shape is " + text(shape));
      }
      if (size > MAX_ELEMENTS / elements) {
        throw refused(
            "may have " + MAX_ELEMENTS + " elements: its shape " + text(shape) + " has more");
      }
      elements *= size;
    }
    int rows = shape.length == 1 ? 1 : (int) shape[0];
    if (rows > maxRows) {
      throw Failure.BATCH_TOO_LARGE.because(
          "a request may hold " + maxRows + " rows: " + rows + " came");
    }
    return new InputTensor(datatype, shape, rows, (int) elements);
  }

  /**
   * Refuses a request that has not exactly one input.
   *
   * @throws FailureException for any other count than 1
   */
  public static void requireOne(int count) {
    if (count != 1) {
      throw Failure.INVALID_TENSOR.because(
          "inputs must be one tensor, " + NAME + ": " + count + " came");
    }
  }

  /**
   * Refuses an input of another name.
   *
   * @throws FailureException for any name but {@link #NAME}
   */
  public static void requireName(String name) {
    if (!NAME.equals(name)) {
      throw Failure.INVALID_TENSOR.because(
          "the input must be named " + NAME + ": " + (name == null ? "it has no name" : name));
    }
  }

  public int rows() {
    return rows;
  }

  public int elements() {
    return elements;
  }

  /** What its elements take as binary data. */
  public long bytes() {
    return (long) elements * datatype.bytes();
  }

  /** The sizes of its dimensions. */
  public long[] shape() {
    return shape.clone();
  }

  /**
   * Its numbers from little-endian bytes, row after row; a new array.
   *
   * @throws FailureException if there are more or fewer bytes than the shape wants, or a number is
   *     not finite
   */
  public float[] read(ByteBuffer data) {
    requireBytes(data.remaining());
    float[] values = new float[elements];
    datatype.read(data, values);
    return finite(values);
  }

  /**
   * Refuses binary data of another size.
   *
   * @throws FailureException if it is not {@link #bytes()}
   */
  public void requireBytes(long size) {
    if (size != bytes()) {
      throw refused(
          "of shape %s and datatype %s must have %d bytes of data: %d came"
              .formatted(text(shape), datatype, bytes(), size));
    }
  }

  /**
   * The same numbers, if they fit.
   *
   * @throws FailureException if there are more or fewer than the shape wants, or one is not finite
   */
  public float[] require(float[] values) {
    requireCount(values.length);
    return finite(values);
  }

  /**
   * Refuses data of another number of elements.
   *
   * @throws FailureException if it is not {@link #elements()}
   */
  public void requireCount(int count) {
    if (count != elements) {
      throw refused(
          "of shape %s must have %d numbers of data: %d came"
              .formatted(text(shape), elements, count));
    }
  }

  private static float[] finite(float[] values) {
    for (int i = 0; i < values.length; i++) {
      if ((Float.floatToRawIntBits(values[i]) & EXPONENT) == EXPONENT) {
        throw refused(
            "must hold finite float32 numbers: number "
                + i
                + " is "
                + (Float.isNaN(values[i]) ? "NaN" : "too large"));
      }
    }
    return values;
  }

  /** What the model said against its rows, in the words of the protocol. */
  public Throwable explain(Throwable failure) {
    return failure instanceof FailureException known && known.failure() == Failure.INVALID_FEATURES
        ? refused("has the shape " + text(shape) + ": " + known.getMessage())
        : failure;
  }

  /** The refusal of this input; {@code what} goes on after its name. */
  public static FailureException refused(String what) {
    return Failure.INVALID_TENSOR.because("input " + NAME + " " + what);
  }

  private static String text(long[] shape) {
    return Arrays.toString(shape);
  }
}
