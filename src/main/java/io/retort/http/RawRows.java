package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Rows as bytes: little-endian float32, or pixels of one byte, which become byte/255. The parameter
 * {@code dtype} says which; without it a body as long as one row of pixels is that, and any other
 * is float32.
 */
final class RawRows {
  private static final String FLOAT32 = "float32";
  private static final String UINT8 = "uint8";
  private static final float WHITE = 255f;

  private RawRows() {}

  /**
   * Reads a body.
   *
   * @param dtype {@code float32}, {@code uint8} or null
   * @param features numbers of one row
   * @throws FailureException for another dtype, for no or no whole rows, for more than {@code
   *     maxRows}, and for a number that is not finite
   */
  static Rows read(Buffer body, String dtype, int features, int maxRows) {
    boolean pixels = dtype == null ? body.length() == features : dtype.equals(UINT8);
    if (dtype != null && !pixels && !dtype.equals(FLOAT32)) {
      throw Failure.INVALID_REQUEST.because("dtype must be float32 or uint8: " + dtype);
    }
    int rowBytes = pixels ? features : Math.multiplyExact(Float.BYTES, features);
    if (body.length() == 0 || body.length() % rowBytes != 0) {
      throw notWhole(body.length(), pixels ? UINT8 : FLOAT32, features, rowBytes);
    }
    int rows = body.length() / rowBytes;
    if (rows > maxRows) {
      throw Failure.BATCH_TOO_LARGE.because(
          "a request may hold " + maxRows + " rows: " + rows + " came");
    }
    byte[] bytes = body.getBytes();
    return new Rows(rows, pixels ? scaled(bytes) : floats(bytes, features));
  }

  private static FailureException notWhole(int length, String dtype, int features, int rowBytes) {
    String hint =
        dtype.equals(FLOAT32) && length > 0 && length % features == 0
            ? "; rows of one-byte pixels need ?dtype=uint8"
            : "";
    return Failure.INVALID_FEATURES.because(
        "a body of %s must be rows of %d numbers, %d bytes each: %d bytes came%s"
            .formatted(dtype, features, rowBytes, length, hint));
  }

  private static float[] scaled(byte[] bytes) {
    float[] values = new float[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      values[i] = (bytes[i] & 0xff) / WHITE;
    }
    return values;
  }

  private static float[] floats(byte[] bytes, int features) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw Failure.INVALID_FEATURES.because(
            "features must be finite numbers: number %d of row %d is %s"
                .formatted(i % features, i / features, values[i]));
      }
    }
    return values;
  }
}
