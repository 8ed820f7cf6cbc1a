package io.retort.data;

/** The order of the samples of an epoch. */
public final class Shuffle {
  private Shuffle() {}

  /**
   * A random permutation of 0 … size − 1 (Fisher and Yates): a pure function of its arguments, on
   * every JDK.
   *
   * @throws IllegalArgumentException if size or epoch is negative
   */
  public static int[] order(int size, long seed, int epoch) {
    if (size < 0 || epoch < 0) {
      throw new IllegalArgumentException(
          "[shuffle] size and epoch must be 0 or more: size " + size + ", epoch " + epoch);
    }
    SplitMix random = SplitMix.of(seed, epoch);
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.below(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
