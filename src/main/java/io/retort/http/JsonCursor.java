package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads JSON from bytes, one token at a time. The bytes are kept with a zero after the last one, so
 * that a scan over digits or spaces ends by itself.
 */
final class JsonCursor {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int PADDING = 8;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_DIGITS = 18;

  /** What {@link #whole()} gives for a number that is not one. */
  static final long NOT_WHOLE = Long.MIN_VALUE;

  private byte[] bytes = new byte[1 << 14];
  private int length;
  private int position;

  /** Makes room for a text of {@code length} bytes, to be filled into the returned array from 0. */
  byte[] reset(int length) {
    if (bytes.length < length + PADDING || bytes.length > Math.max(1 << 20, 4 * length)) {
      bytes = new byte[length + PADDING];
    }
    this.length = length;
    position = 0;
    Arrays.fill(bytes, length, length + PADDING, (byte) 0);
    return bytes;
  }

  /** The next byte that is not a space, without taking it; 0 at the end. */
  int peek() {
    byte next = bytes[position];
    return next > ' ' || next < 0 ? next : peekPastSpace();
  }

  private int peekPastSpace() {
    byte[] b = bytes;
    int at = position;
    while (b[at] == ' ' || b[at] == '\n' || b[at] == '\r' || b[at] == '\t') {
      at++;
    }
    position = at;
    return b[at];
  }

  /** Takes the byte that {@link #peek} showed. */
  void skip() {
    position++;
  }

  boolean take(char expected) {
    if (peek() == expected) {
      position++;
      return true;
    }
    return false;
  }

  void expect(char expected) {
    if (!take(expected)) {
      throw invalid("'" + expected + "' must come next");
    }
  }

  void end() {
    peek();
    if (position < length) {
      throw invalid("nothing may follow");
    }
  }

  /** Takes as many whole groups of {@code 0,0,0,0,} as there are, at most {@code most}. */
  int zeroGroups(int most) {
    int groups = 0;
    while (groups < most && (long) LONGS.get(bytes, position) == 0x2C302C302C302C30L) {
      position += 8;
      groups++;
    }
    return groups;
  }

  /**
   * A number by JSON's grammar as the nearest float; infinite if it is too large for one.
   *
   * @throws FailureException if no number comes next
   */
  float number() {
    peek();
    byte[] b = bytes;
    int start = position;
    int at = start;
    boolean negative = b[at] == '-';
    if (negative) {
      at++;
    }
    long digits = 0;
    int exponent = 0;
    int significant = 0;
    int first = at;
    for (int d; (d = b[at] - '0') >= 0 && d <= 9; at++) {
      if (significant < MAX_DIGITS) {
        digits = digits * 10 + d;
        significant += digits == 0 ? 0 : 1;
      } else {
        exponent++;
      }
    }
    if (at == first || (b[first] == '0' && at > first + 1)) {
      throw invalid("a number must come next");
    }
    if (b[at] == '.') {
      int fraction = ++at;
      for (long eight;
          significant <= MAX_DIGITS - 8 && eightDigits(eight = (long) LONGS.get(b, at));
          at += 8) {
        long value = valueOfEight(eight);
        significant = digits == 0 ? 8 - leadingZeros(eight) : significant + 8;
        digits = digits * 100_000_000 + value;
        exponent -= 8;
      }
      for (int d; (d = b[at] - '0') >= 0 && d <= 9; at++) {
        if (significant < MAX_DIGITS) {
          digits = digits * 10 + d;
          significant += digits == 0 ? 0 : 1;
          exponent--;
        }
      }
      if (at == fraction) {
        throw invalid("a digit must follow the point of a number");
      }
    }
    if ((b[at] | 0x20) == 'e') {
      at = exponent(b, at);
      exponent = Integer.MAX_VALUE;
    }
    position = at;
    if (DecimalFloat.sure(digits, exponent)) {
      float value = DecimalFloat.nearest(digits, exponent);
      return negative ? -value : value;
    }
    return Float.parseFloat(new String(b, start, at - start, StandardCharsets.ISO_8859_1));
  }

  private int exponent(byte[] b, int at) {
    at++;
    if (b[at] == '+' || b[at] == '-') {
      at++;
    }
    int first = at;
    while (b[at] >= '0' && b[at] <= '9') {
      at++;
    }
    if (at == first) {
      throw invalid("a digit must follow the e of a number");
    }
    return at;
  }

  /** How many of eight digits come before the first that is not zero. */
  private static int leadingZeros(long eight) {
    return Long.numberOfTrailingZeros(eight - 0x3030303030303030L) >>> 3;
  }

  private static boolean eightDigits(long v) {
    return ((v + 0x4646464646464646L | v - 0x3030303030303030L) & 0x8080808080808080L) == 0;
  }

  /**
   * Adds neighbours in pairs: eight digits to four numbers below 100, to two below 10,000, to one.
   */
  private static long valueOfEight(long v) {
    v -= 0x3030303030303030L;
    v = v * 10 + (v >>> 8);
    return ((v & 0x000000FF000000FFL) * 0x000F424000000064L
            + (v >>> 16 & 0x000000FF000000FFL) * 0x0000271000000001L)
        >>> 32;
  }

  /** A number written as a whole one, of 18 digits at most; {@link #NOT_WHOLE} for another. */
  long whole() {
    peek();
    int start = position;
    number();
    boolean negative = bytes[start] == '-';
    long whole = 0;
    for (int at = negative ? start + 1 : start; at < position; at++) {
      int digit = bytes[at] - '0';
      if (digit < 0 || digit > 9 || position - start > MAX_DIGITS) {
        return NOT_WHOLE;
      }
      whole = 10 * whole + digit;
    }
    return negative ? -whole : whole;
  }

  /** Takes the string that comes next if it is one of these and returns which; -1 if it is none. */
  int takeAny(byte[][] words) {
    for (int i = 0; i < words.length && peek() == '"'; i++) {
      int start = position + 1;
      int end = start + words[i].length;
      if (end < length
          && bytes[end] == '"'
          && Arrays.equals(bytes, start, end, words[i], 0, words[i].length)) {
        position = end + 1;
        return i;
      }
    }
    return -1;
  }

  /** A string, its escapes resolved. */
  String text() {
    expect('"');
    int start = position;
    boolean plain = true;
    while (bytes[position] != '"') {
      if (bytes[position] >= 0 && bytes[position] < ' ') {
        throw invalid("a text must end by a quote and hold no control character");
      }
      if (bytes[position] == '\\') {
        plain = false;
        position++;
      }
      position++;
    }
    String raw = new String(bytes, start, position++ - start, StandardCharsets.UTF_8);
    return plain ? raw : JsonEscapes.resolve(raw, this);
  }

  /** Takes any value and forgets it. */
  void skipValue() {
    skipValue(0);
  }

  private void skipValue(int depth) {
    if (depth > MAX_DEPTH) {
      throw invalid("values may be nested " + MAX_DEPTH + " deep at most");
    }
    switch (peek()) {
      case '"' -> text();
      case '[' -> {
        skip();
        if (!take(']')) {
          do {
            skipValue(depth + 1);
          } while (take(','));
          expect(']');
        }
      }
      case '{' -> {
        skip();
        if (!take('}')) {
          do {
            peek();
            text();
            expect(':');
            skipValue(depth + 1);
          } while (take(','));
          expect('}');
        }
      }
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      default -> number();
    }
  }

  private void word(String word) {
    for (int i = 0; i < word.length(); i++) {
      if (bytes[position + i] != word.charAt(i)) {
        throw invalid("a value must come next");
      }
    }
    position += word.length();
  }

  /** The refusal of what stands at this position. */
  FailureException invalid(String expected) {
    String came =
        position >= length
            ? "the body ends"
            : "byte " + position + " is " + shown((char) (bytes[position] & 0xFF));
    return Failure.INVALID_JSON.because("the body must be JSON: " + expected + ", but " + came);
  }

  private static String shown(char c) {
    return c > ' ' && c < 0x7F ? "'" + c + "'" : "0x" + Integer.toHexString(c);
  }
}
