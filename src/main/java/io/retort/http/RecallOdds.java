package io.retort.http;

/**
 * Whether to ask the cache for raw bodies. To be told "unknown" costs a tenth of a prediction, so
 * while fewer than a quarter of the bodies are known only one request in 32 asks. For one thread.
 */
final class RecallOdds {
  private static final int ASKED = 64;
  private static final int ENOUGH = ASKED / 4;
  private static final int SKIPPED = 31;

  private boolean poor;
  private int asked;
  private int known;
  private int toSkip;

  boolean worthAsking() {
    return !poor || toSkip-- == 0;
  }

  void told(boolean isKnown) {
    toSkip = SKIPPED;
    known += isKnown ? 1 : 0;
    if (++asked == ASKED) {
      poor = known < ENOUGH;
      asked = 0;
      known = 0;
    }
  }
}
