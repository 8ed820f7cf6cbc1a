package io.retort.http;

import io.retort.bus.Asker;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictRequest;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/** Reads {@code {"features":[…], "model":"…"}}; one thread at a time. */
final class PredictParser {
  private static final int KEPT = 1 << 16;
  private final JsonCursor json = new JsonCursor();
  private final int maxRows;
  private final long timeoutMillis;
  private float[] values = new float[1024];
  private int count;
  private int rows;
  private int width;

  PredictParser(int maxRows, long timeoutMillis) {
    this.maxRows = maxRows;
    this.timeoutMillis = timeoutMillis;
  }

  /**
   * Reads a body.
   *
   * @param affinity of the request, or null
   * @throws FailureException for what is not JSON, or not rows of finite numbers of equal length
   */
  PredictRequest parse(Buffer body, String affinity, Asker asker) {
    if (body.length() == 0) {
      throw Failure.INVALID_JSON.because("the body must be JSON, {\"features\":[…]}: it is empty");
    }
    body.getBytes(json.reset(body.length()), 0);
    String model = null;
    String version = null;
    boolean seen = false;
    json.expect('{');
    if (!json.take('}')) {
      do {
        String key = json.text();
        json.expect(':');
        switch (key) {
          case "features" -> {
            if (seen) {
              throw Failure.INVALID_FEATURES.because("features must be given once");
            }
            seen = true;
            features();
          }
          case "model" -> model = name(key);
          case "version" -> version = name(key);
          default -> json.skipValue();
        }
      } while (json.take(','));
      json.expect('}');
    }
    json.end();
    if (!seen) {
      throw Failure.INVALID_FEATURES.because(
          "features must be given: a list of numbers or of rows of numbers");
    }
    float[] features = Arrays.copyOf(values, count);
    if (values.length > KEPT) {
      values = new float[1024];
    }
    return new PredictRequest(model, version, rows, features, timeoutMillis, affinity, asker);
  }

  private String name(String key) {
    if (json.peek() == 'n') {
      json.skipValue();
      return null;
    }
    if (json.peek() != '"') {
      throw Failure.INVALID_REQUEST.because(key + " must be a text");
    }
    return json.text();
  }

  private void features() {
    count = 0;
    rows = 0;
    width = 0;
    if (!json.take('[')) {
      throw Failure.INVALID_FEATURES.because(
          "features must be a list of numbers or of rows of numbers");
    }
    if (json.peek() != '[') {
      row();
      return;
    }
    do {
      if (rows == maxRows) {
        throw Failure.BATCH_TOO_LARGE.because("a request may hold " + maxRows + " rows: more came");
      }
      int before = count;
      if (!json.take('[')) {
        throw notARow();
      }
      row();
      if (rows == 1) {
        width = count;
      } else if (count - before != width) {
        throw Failure.INVALID_FEATURES.because(
            "every row must have the "
                + width
                + " numbers of row 0: row "
                + (rows - 1)
                + " has "
                + (count - before));
      }
    } while (json.take(','));
    json.expect(']');
  }

  /** The numbers up to the closing bracket of a row whose opening one is taken. */
  private void row() {
    int first = count;
    int row = rows++;
    if (json.take(']')) {
      return;
    }
    do {
      if (count + 64 > values.length) {
        values = Arrays.copyOf(values, 2 * values.length);
      }
      int zeros = 4 * json.zeroGroups((values.length - count) / 4 - 1);
      Arrays.fill(values, count, count + zeros, 0);
      count += zeros;
      int next = json.peek();
      if (next != '-' && (next < '0' || next > '9')) {
        throw notANumber(row, count - first);
      }
      float value = json.number();
      if (Float.isInfinite(value)) {
        throw Failure.INVALID_FEATURES.because(
            "features must be float32 numbers: number "
                + (count - first)
                + " of row "
                + row
                + " is too large");
      }
      values[count++] = value;
    } while (json.take(','));
    json.expect(']');
  }

  private FailureException notANumber(int row, int index) {
    String came = kind();
    if (came == null) {
      return json.invalid("a number must come next");
    }
    return Failure.INVALID_FEATURES.because(
        "features must be numbers: number " + index + " of row " + row + " is " + came);
  }

  private FailureException notARow() {
    String came = kind();
    return came == null
        ? json.invalid("a row must come next")
        : Failure.INVALID_FEATURES.because(
            "features must be rows of numbers: row " + rows + " is " + came);
  }

  private String kind() {
    return switch (json.peek()) {
      case '"' -> "text";
      case '[' -> "a list";
      case '{' -> "an object";
      case 'n' -> "null";
      case 't', 'f' -> "true or false";
      case 'N', 'I' -> "NaN or infinite, which JSON does not know";
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> "a number";
      default -> null;
    };
  }
}
