package io.retort.oip;

import io.retort.bus.Failure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The datatypes that an input may have: all that are numbers. Each becomes the nearest float32. */
public enum Datatype {
  FP16(2),
  FP32(4),
  FP64(8),
  INT8(1),
  INT16(2),
  INT32(4),
  INT64(8),
  UINT8(1),
  UINT16(2),
  UINT32(4),
  UINT64(8);

  private static final Datatype[] ALL = values();
  private static final float FP16_STEP = 0x1p-24f;
  private final int bytes;

  Datatype(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The datatype of this name.
   *
   * @throws io.retort.bus.FailureException INVALID_TENSOR for BOOL, BYTES and what is no name
   */
  public static Datatype named(String name) {
    for (Datatype each : ALL) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    throw Failure.INVALID_TENSOR.because(
        "the datatype of input "
            + InputTensor.NAME
            + " must be one of "
            + String.join(", ", Arrays.stream(ALL).map(Enum::name).toList())
            + ": "
            + (name == null ? "none" : name)
            + " came");
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /**
   * Reads little-endian elements from the buffer's position on, which stays where it is, until
   * {@code into} is full.
   */
  void read(ByteBuffer data, float[] into) {
    ByteBuffer from = data.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (this == FP32) {
      from.asFloatBuffer().get(into);
      return;
    }
    for (int i = 0; i < into.length; i++) {
      into[i] = element(from, i * bytes);
    }
  }

  private float element(ByteBuffer from, int at) {
    return switch (this) {
      case FP16 -> half(from.getShort(at));
      case FP32 -> from.getFloat(at);
      case FP64 -> (float) from.getDouble(at);
      case INT8 -> from.get(at);
      case INT16 -> from.getShort(at);
      case INT32 -> from.getInt(at);
      case INT64 -> from.getLong(at);
      case UINT8 -> from.get(at) & 0xFF;
      case UINT16 -> from.getChar(at);
      case UINT32 -> from.getInt(at) & 0xFFFF_FFFFL;
      case UINT64 -> unsigned(from.getLong(at));
    };
  }

  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    float size;
    if (exponent == 0) {
      size = fraction * FP16_STEP;
    } else if (exponent == 0x1F) {
      size = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      size = Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
    }
    return bits < 0 ? -size : size;
  }

  /** The nearest float32 to a whole number of 64 bits without a sign. */
  public static float unsigned(long bits) {
    // What does not fit a signed number is halved; its last bit stays, as it may decide the
    // rounding.
    return bits >= 0 ? bits : 2 * (float) (bits >>> 1 | bits & 1);
  }
}
