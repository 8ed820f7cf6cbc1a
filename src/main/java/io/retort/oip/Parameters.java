package io.retort.oip;

import io.retort.bus.Failure;

/** What the parameters of a request ask for. Those that nothing here listens to are ignored. */
public final class Parameters {
  /** Of a request: microseconds that it may wait, 0 for the node's own limit. */
  public static final String TIMEOUT = "timeout";

  private static final long MICROS_OF_MILLI = 1000;

  private Parameters() {}

  /**
   * The time that a request may take.
   *
   * @param micros what its {@link #TIMEOUT} says
   * @param most the limit of the node in milliseconds
   * @throws io.retort.bus.FailureException INVALID_REQUEST for a negative time
   */
  public static long timeoutMillis(long micros, long most) {
    if (micros < 0) {
      throw Failure.INVALID_REQUEST.because(
          "the parameter timeout must be 0 or more microseconds: " + micros);
    }
    if (micros == 0 || micros / MICROS_OF_MILLI >= most) {
      return most;
    }
    return (micros + MICROS_OF_MILLI - 1) / MICROS_OF_MILLI;
  }

  /**
   * Refuses what would change the meaning of an answer or the place of its data, so that it cannot
   * be ignored.
   *
   * @throws io.retort.bus.FailureException UNSUPPORTED
   */
  public static void requireSupported(String name) {
    if (name.equals("classification") || name.startsWith("shared_memory_")) {
      throw Failure.UNSUPPORTED.because("this server knows no parameter " + name);
    }
  }
}
