package io.retort.bus;

/**
 * The hash of a raw body and its length in bytes.
 *
 * @param high the upper 64 bits of xxh3-128
 * @param low the lower 64
 */
public record BodyKey(long high, long low, int length) {

  @Override
  public boolean equals(Object other) {
    return other instanceof BodyKey key
        && key.low == low
        && key.high == high
        && key.length == length;
  }

  @Override
  public int hashCode() {
    return (int) low;
  }
}
