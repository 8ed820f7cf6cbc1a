package io.retort.data;

/**
 * SplitMix64 (Steele, Lea, Flood 2014), written out so that an order of samples is the same on
 * every JDK, to which a job that resumes must hold.
 */
final class SplitMix {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long state;

  SplitMix(long state) {
    this.state = state;
  }

  /** A generator for the pair: neighbouring seeds and epochs give unrelated sequences. */
  static SplitMix of(long seed, long epoch) {
    return new SplitMix(mix(mix(seed + GOLDEN) + epoch * GOLDEN));
  }

  long next() {
    state += GOLDEN;
    return mix(state);
  }

  /**
   * A number in [0, bound), by multiplication (Lemire 2019) of 32 random bits: off by less than
   * bound/2^32.
   */
  int below(int bound) {
    return (int) ((next() >>> 32) * bound >>> 32);
  }

  static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
