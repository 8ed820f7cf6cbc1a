package io.retort.cache;

/**
 * Rows of float32 by their hash.
 *
 * @param high the upper 64 bits of xxh3-128
 * @param low the lower 64
 * @param numbers of all rows together
 */
record Input(long high, long low, int rows, int numbers) {

  @Override
  public boolean equals(Object other) {
    return other instanceof Input input
        && input.low == low
        && input.high == high
        && input.rows == rows
        && input.numbers == numbers;
  }

  @Override
  public int hashCode() {
    return (int) low;
  }
}
