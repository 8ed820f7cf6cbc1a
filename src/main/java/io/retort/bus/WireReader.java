package io.retort.bus;

import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads what {@link WireWriter} wrote; a count that the bytes do not hold is refused before
 * anything is allocated.
 */
public final class WireReader {
  private final String what;
  private final Buffer buffer;
  private int position;

  WireReader(String what, Buffer buffer, int position) {
    this.what = what;
    this.buffer = buffer;
    this.position = position;
  }

  public int integer() {
    return buffer.getIntLE(advance(4));
  }

  public long whole() {
    return buffer.getLongLE(advance(8));
  }

  public double number() {
    return Double.longBitsToDouble(whole());
  }

  public String text() {
    int length = integer();
    if (length == -1) {
      return null;
    }
    int from = advance(length);
    return new String(buffer.getBytes(from, from + length), StandardCharsets.UTF_8);
  }

  public Buffer bytes() {
    int length = integer();
    int from = advance(length);
    return buffer.getBuffer(from, from + length);
  }

  public float[] floats() {
    int length = integer();
    int from = advance(4L * length);
    float[] values = new float[length];
    ByteBuffer.wrap(buffer.getBytes(from, from + 4 * length))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return values;
  }

  private int advance(long bytes) {
    if (bytes < 0 || bytes > buffer.length() - position) {
      throw new IllegalArgumentException(
          "["
              + what
              + "] the message must hold "
              + bytes
              + " more bytes: "
              + (buffer.length() - position));
    }
    int from = position;
    position += (int) bytes;
    return from;
  }
}
