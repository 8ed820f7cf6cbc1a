package io.retort.bus;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * Appends the fields of a message: little-endian numbers, counted UTF-8 text, counted float32
 * arrays.
 */
public final class WireWriter {
  private final Buffer buffer;

  WireWriter(Buffer buffer) {
    this.buffer = buffer;
  }

  public WireWriter integer(int value) {
    buffer.appendIntLE(value);
    return this;
  }

  public WireWriter whole(long value) {
    buffer.appendLongLE(value);
    return this;
  }

  public WireWriter number(double value) {
    return whole(Double.doubleToRawLongBits(value));
  }

  /** A text or null. */
  public WireWriter text(String value) {
    if (value == null) {
      return integer(-1);
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    integer(bytes.length);
    buffer.appendBytes(bytes);
    return this;
  }

  public WireWriter bytes(Buffer values) {
    integer(values.length());
    buffer.appendBuffer(values);
    return this;
  }

  public WireWriter floats(float[] values) {
    byte[] bytes = new byte[4 * values.length];
    java.nio.ByteBuffer.wrap(bytes)
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .put(values);
    integer(values.length);
    buffer.appendBytes(bytes);
    return this;
  }
}
