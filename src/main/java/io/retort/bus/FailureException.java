package io.retort.bus;

/** A refusal with its reason, meant for the asker: no stack trace is taken. */
public final class FailureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Failure failure;

  FailureException(Failure failure, String sentence) {
    super(sentence, null, false, false);
    this.failure = failure;
  }

  public Failure failure() {
    return failure;
  }
}
