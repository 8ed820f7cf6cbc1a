package io.retort.http;

/**
 * The float32 nearest to a decimal number, ties to even: {@code digits · 10^exponent}. Two
 * roundings in double arithmetic leave an error of at most a few units in the last place of the
 * double; unless the double lies that close to the middle between two floats, rounding it gives the
 * right float. What is too close, too small or too large for that is left to {@link
 * Float#parseFloat}.
 */
final class DecimalFloat {
  /** Bits of a double below the last bit of a normal float. */
  private static final long TAIL = (1L << 29) - 1;

  private static final long MIDDLE = 1L << 28;
  private static final long ERROR = 8;
  private static final double LEAST_NORMAL = Float.MIN_NORMAL * 1.001;
  private static final double MOST = Float.MAX_VALUE * 0.999;
  private static final double[] POWERS = powers();

  private DecimalFloat() {}

  /** Whether {@link #nearest} is sure of its answer for this number; zero is always sure. */
  static boolean sure(long digits, int exponent) {
    if (digits == 0) {
      return true;
    }
    if (exponent < -22 || exponent > 22) {
      return false;
    }
    double value = product(digits, exponent);
    long tail = Double.doubleToRawLongBits(value) & TAIL;
    return value > LEAST_NORMAL && value < MOST && Math.abs(tail - MIDDLE) > ERROR;
  }

  /**
   * The float, if {@link #sure}.
   *
   * @param digits the first 18 significant digits at most, the rest cut off
   */
  static float nearest(long digits, int exponent) {
    return digits == 0 ? 0 : (float) product(digits, exponent);
  }

  private static double product(long digits, int exponent) {
    return exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
  }

  private static double[] powers() {
    double[] powers = new double[23];
    powers[0] = 1;
    for (int i = 1; i < powers.length; i++) {
      powers[i] = powers[i - 1] * 10;
    }
    return powers;
  }
}
