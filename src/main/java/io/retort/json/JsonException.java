package io.retort.json;

/**
 * JSON that is not what was expected; the message names the field, what was expected and what came.
 */
public final class JsonException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public JsonException(String message) {
    super(message);
  }
}
