package io.retort.bus;

import io.vertx.core.eventbus.ReplyException;

/**
 * Every way a request may fail: a stable word, the HTTP status that fits, and the number that
 * travels on the bus as {@link ReplyException#failureCode()} (the status times ten, and a digit).
 */
public enum Failure {
  INVALID_REQUEST(4000),
  INVALID_JSON(4001),
  INVALID_FEATURES(4002),
  BATCH_TOO_LARGE(4003),
  INVALID_RECIPE(4004),
  INVALID_TENSOR(4005),
  INVALID_IMAGE(4006),
  INVALID_TRAFFIC(4007),
  UNAUTHENTICATED(4010),
  INVALID_SIGNATURE(4011),
  FORBIDDEN(4030),
  UNKNOWN_ROUTE(4040),
  UNKNOWN_MODEL(4041),
  UNKNOWN_VERSION(4042),
  UNKNOWN_JOB(4043),
  METHOD_NOT_ALLOWED(4050),
  REQUEST_TIMEOUT(4080),
  JOB_FINISHED(4090),
  MODEL_IN_USE(4091),
  BODY_TOO_LARGE(4130),
  URI_TOO_LONG(4140),
  UNSUPPORTED_MEDIA_TYPE(4150),
  QUEUE_FULL(4290),
  RATE_LIMITED(4291),
  HEADERS_TOO_LARGE(4310),
  CLIENT_GONE(4990),
  INTERNAL(5000),
  MODEL_ERROR(5001),
  UNSUPPORTED(5010),
  NOT_READY(5030),
  UNAVAILABLE(5031),
  DEADLINE_EXCEEDED(5040);

  private final int number;
  private final String code;

  Failure(int number) {
    this.number = number;
    this.code = name().toLowerCase(java.util.Locale.ROOT);
  }

  /** The failure code on the bus. */
  public int number() {
    return number;
  }

  public int status() {
    return number / 10;
  }

  /** The stable word: {@code queue_full}. */
  public String code() {
    return code;
  }

  /** An exception whose message is the sentence that the asker reads. */
  public FailureException because(String sentence) {
    return new FailureException(this, sentence, 0);
  }

  /** The same, when to ask again being known. */
  public FailureException because(String sentence, int retrySeconds) {
    return new FailureException(this, sentence, retrySeconds);
  }

  /**
   * The failure that a number on the bus stands for; {@link #INTERNAL} for a number that is not
   * ours.
   */
  public static Failure numbered(int number) {
    for (Failure failure : values()) {
      if (failure.number == number) {
        return failure;
      }
    }
    return INTERNAL;
  }
}
