package io.retort.bus;

/** A refusal with its reason, meant for the asker: no stack trace is taken. */
public final class FailureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Failure failure;
  private final int retrySeconds;

  FailureException(Failure failure, String sentence, int retrySeconds) {
    super(sentence, null, false, false);
    this.failure = failure;
    this.retrySeconds = retrySeconds;
  }

  public Failure failure() {
    return failure;
  }

  /** After which the same request may do; 0 where that is not known. */
  public int retrySeconds() {
    return retrySeconds;
  }
}
