package io.retort.model;

/**
 * A model or version that is not in the store. The message names it and no file: it may be shown to
 * anybody.
 */
public final class UnknownModelException extends ModelException {
  private static final long serialVersionUID = 1L;

  UnknownModelException(String message) {
    super(message);
  }
}
