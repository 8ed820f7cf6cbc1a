package io.retort.data;

/**
 * A file of samples that is missing or is not what it must be; the message names the file, what was
 * expected and what came.
 */
public final class DatasetException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  DatasetException(String message) {
    super(message);
  }

  DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}
