package io.retort.model;

/**
 * A model or its store that cannot be read or written. The message names the file or directory,
 * what was expected and what came: it is for the log and the terminal, not for an answer to a
 * stranger.
 */
public class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ModelException(String message) {
    super(message);
  }

  ModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
