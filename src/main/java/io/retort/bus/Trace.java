package io.retort.bus;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The W3C trace context of a request, passed on as it came (https://www.w3.org/TR/trace-context/):
 * no spans are recorded here. It belongs to the Vert.x context in which the request is handled, and
 * travels in the headers of every message that is sent from there.
 *
 * @param parent the header {@code traceparent}
 * @param state the header {@code tracestate}, or null
 */
public record Trace(String parent, String state) {
  /** What every participant must be able to pass on. */
  private static final int MAX_STATE = 512;

  /** {@code 00-} trace id, 32 digits {@code -} parent id, 16 digits {@code -} flags, 2 digits. */
  private static final int LENGTH = 55;

  private static final int ID = 3;
  private static final int ID_END = 35;
  private static final int SPAN = 36;
  private static final int SPAN_END = 52;
  private static final int FLAGS = 53;

  /** The 32 hexadecimal digits that name the trace. */
  public String id() {
    return parent.substring(ID, ID_END);
  }

  /** The trace of what runs now, or null. */
  public static Trace current() {
    Context context = Vertx.currentContext();
    return context == null ? null : of(context);
  }

  /** The trace of what runs in {@code context}, or null. */
  public static Trace of(Context context) {
    return TracePropagation.LOCAL.get(context);
  }

  /** Begins a trace of our own in {@code context}, for a request that came without one. */
  public static Trace begin(Context context) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    Trace trace =
        new Trace(
            "00-%016x%016x-%016x-00"
                .formatted(random.nextLong(), random.nextLong() | 1, random.nextLong() | 1),
            null);
    TracePropagation.LOCAL.put(context, trace);
    return trace;
  }

  /**
   * Reads the headers; null if {@code traceparent} is missing or not legal.
   *
   * @param states every {@code tracestate}, in order; left out where they are not legal
   */
  static Trace read(String parent, List<String> states) {
    return parent != null && legal(parent) ? new Trace(parent, state(states)) : null;
  }

  private static boolean legal(String parent) {
    boolean first = parent.startsWith("00-");
    return (parent.length() == LENGTH
            || !first && parent.length() > LENGTH && parent.charAt(LENGTH) == '-')
        && parent.length() <= MAX_STATE
        && hexadecimal(parent, 0, 2)
        && !parent.startsWith("ff")
        && parent.charAt(2) == '-'
        && hexadecimal(parent, ID, ID_END)
        && !zero(parent, ID, ID_END)
        && parent.charAt(ID_END) == '-'
        && hexadecimal(parent, SPAN, SPAN_END)
        && !zero(parent, SPAN, SPAN_END)
        && parent.charAt(SPAN_END) == '-'
        && hexadecimal(parent, FLAGS, LENGTH)
        && printable(parent);
  }

  private static boolean hexadecimal(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      char digit = text.charAt(i);
      if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
        return false;
      }
    }
    return true;
  }

  private static boolean zero(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) != '0') {
        return false;
      }
    }
    return true;
  }

  private static String state(List<String> states) {
    String joined = String.join(",", states);
    return joined.isBlank() || joined.length() > MAX_STATE || !printable(joined) ? null : joined;
  }

  private static boolean printable(String text) {
    return text.chars().allMatch(letter -> letter >= ' ' && letter <= '~');
  }
}
