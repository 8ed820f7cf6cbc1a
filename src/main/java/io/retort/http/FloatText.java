package io.retort.http;

import java.nio.charset.StandardCharsets;

/**
 * Writes floats as JSON numbers with 7, 8 or 9 digits, the fewest that read back as the same float.
 */
final class FloatText {
  /** Nine digits always tell a float from its neighbours. */
  private static final int MAX_DIGITS = 9;

  private static final double[] POWERS = new double[64];

  static {
    for (int i = 0; i < POWERS.length; i++) {
      POWERS[i] = Double.parseDouble("1e" + i);
    }
  }

  private FloatText() {}

  /**
   * Appends at {@code at}, at most 16 bytes, and returns the place after the number. The value must
   * be finite.
   */
  static int write(float value, byte[] into, int at) {
    if (value == 0) {
      into[at] = '0';
      return at + 1;
    }
    if (value < 0) {
      into[at++] = '-';
      value = -value;
    }
    if (value < 1e-30f || value >= 1e9f) {
      byte[] text = Float.toString(value).getBytes(StandardCharsets.ISO_8859_1);
      System.arraycopy(text, 0, into, at, text.length);
      return at + text.length;
    }
    int exponent = (int) Math.floor(Math.log10(value));
    if (value >= tenTo(exponent + 1)) {
      exponent++;
    } else if (value < tenTo(exponent)) {
      exponent--;
    }
    double tolerance = 0.499 * Math.ulp(value);
    for (int digits = 7; ; digits++) {
      int shift = digits - 1 - exponent;
      long scaled = Math.round(shift >= 0 ? value * POWERS[shift] : value / POWERS[-shift]);
      double back = shift >= 0 ? scaled / POWERS[shift] : scaled * POWERS[-shift];
      if (digits == MAX_DIGITS || Math.abs(back - value) < tolerance) {
        return digits(scaled, shift, into, at);
      }
    }
  }

  /** Writes {@code scaled / 10^shift}, plain from 1e-5 up and with an exponent below. */
  private static int digits(long scaled, int shift, byte[] into, int at) {
    while (scaled % 10 == 0) {
      scaled /= 10;
      shift--;
    }
    int length = 1;
    for (long rest = scaled; rest >= 10; rest /= 10) {
      length++;
    }
    int point = length - shift;
    if (point < -4) {
      at = fraction(scaled, length, 1, into, at);
      into[at++] = 'e';
      into[at++] = '-';
      int power = 1 - point;
      if (power >= 10) {
        into[at++] = (byte) ('0' + power / 10);
      }
      into[at++] = (byte) ('0' + power % 10);
      return at;
    }
    if (point <= 0) {
      into[at++] = '0';
      into[at++] = '.';
      for (int i = point; i < 0; i++) {
        into[at++] = '0';
      }
      return whole(scaled, length, into, at);
    }
    if (point >= length) {
      at = whole(scaled, length, into, at);
      for (int i = length; i < point; i++) {
        into[at++] = '0';
      }
      return at;
    }
    return fraction(scaled, length, point, into, at);
  }

  /**
   * The digits with a point after the first {@code point} of them, which is left out at the end.
   */
  private static int fraction(long scaled, int length, int point, byte[] into, int at) {
    if (point == length) {
      return whole(scaled, length, into, at);
    }
    int end = whole(scaled, length, into, at + 1);
    System.arraycopy(into, at + 1, into, at, point);
    into[at + point] = '.';
    return end;
  }

  private static int whole(long value, int length, byte[] into, int at) {
    for (int i = at + length - 1; i >= at; i--) {
      into[i] = (byte) ('0' + value % 10);
      value /= 10;
    }
    return at + length;
  }

  private static double tenTo(int exponent) {
    return exponent >= 0 ? POWERS[exponent] : 1 / POWERS[-exponent];
  }
}
