package io.retort.http;

import io.retort.bus.FailureException;
import io.retort.oip.InputTensor;
import java.util.Arrays;

/**
 * Reads the {@code data} of an input, flat or in lists of lists; one thread at a time. What the
 * tensor's shape is may be known only later.
 */
final class InferNumbers {
  private static final int KEPT = 1 << 16;
  private static final int UNKNOWN = -1;
  private final int[] sizes = new int[InputTensor.MAX_DIMENSIONS];
  private final JsonCursor json;
  private float[] values = new float[1024];
  private int count;
  private int depth;

  InferNumbers(JsonCursor json) {
    this.json = json;
  }

  /** The list that comes next. */
  void read() {
    count = 0;
    depth = UNKNOWN;
    Arrays.fill(sizes, UNKNOWN);
    if (!json.take('[')) {
      throw InputTensor.refused("must have a list of numbers as data");
    }
    list(0);
  }

  /** A list whose opening bracket is taken, inside as many others. */
  private void list(int outer) {
    if (outer == sizes.length) {
      throw InputTensor.refused("may have data in lists nested " + sizes.length + " deep at most");
    }
    int size = 0;
    if (!json.take(']')) {
      size = json.peek() == '[' ? lists(outer) : numbers(outer);
      json.expect(']');
    }
    if (sizes[outer] != UNKNOWN && sizes[outer] != size) {
      throw uneven();
    }
    sizes[outer] = size;
  }

  private int lists(int outer) {
    int size = 0;
    do {
      if (!json.take('[')) {
        throw uneven();
      }
      list(outer + 1);
      size++;
    } while (json.take(','));
    return size;
  }

  private int numbers(int outer) {
    if (depth != UNKNOWN && depth != outer + 1) {
      throw uneven();
    }
    depth = outer + 1;
    int first = count;
    do {
      if (count + 64 > values.length) {
        values = Arrays.copyOf(values, 2 * values.length);
      }
      int zeros = 4 * json.zeroGroups((values.length - count) / 4 - 1);
      Arrays.fill(values, count, count + zeros, 0);
      count += zeros;
      int next = json.peek();
      if (next != '-' && (next < '0' || next > '9')) {
        throw notANumber(next);
      }
      values[count++] = json.number();
    } while (json.take(','));
    return count - first;
  }

  private FailureException notANumber(int next) {
    String came =
        switch (next) {
          case '"' -> "text";
          case '[' -> "a list";
          case '{' -> "an object";
          case 'n' -> "null";
          case 't', 'f' -> "true or false";
          case 'N', 'I' -> "NaN or infinite, which JSON does not know";
          default -> null;
        };
    return came == null
        ? json.invalid("a number must come next")
        : InputTensor.refused("must have numbers as data: number " + count + " is " + came);
  }

  private static FailureException uneven() {
    return InputTensor.refused("must have data flat or in lists of equal length");
  }

  /**
   * The numbers for this tensor; a new array.
   *
   * @throws FailureException if they do not fit its shape
   */
  float[] fit(InputTensor input) {
    input.requireCount(count);
    if (depth > 1) {
      requireNested(input.shape());
    }
    float[] fitting = input.require(Arrays.copyOf(values, count));
    if (values.length > KEPT) {
      values = new float[1024];
    }
    return fitting;
  }

  private void requireNested(long[] shape) {
    boolean same = shape.length == depth;
    for (int i = 0; same && i < depth; i++) {
      same = shape[i] == sizes[i];
    }
    if (!same) {
      throw InputTensor.refused(
          "must have data flat or in lists of its shape "
              + Arrays.toString(shape)
              + ": they are "
              + Arrays.toString(Arrays.copyOf(sizes, depth)));
    }
  }
}
