package io.retort.http;

import io.retort.bus.Failure;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;

/** Reads small JSON bodies field by field. */
final class JsonBody {
  private static final String WHAT = "the body";

  private JsonBody() {}

  /**
   * What {@code question} makes of the fields, of which it must know all; an empty body has none.
   *
   * @throws io.retort.bus.FailureException INVALID_JSON, or INVALID_REQUEST for a field
   */
  static <Q> Q read(Buffer bytes, Function<Fields, Q> question) {
    Fields fields = fields(bytes);
    try {
      Q asked = question.apply(fields);
      fields.end();
      return asked;
    } catch (JsonException e) {
      throw Failure.INVALID_REQUEST.because(e.getMessage());
    }
  }

  private static Fields fields(Buffer bytes) {
    try {
      return bytes.length() == 0
          ? Fields.of(WHAT, Map.of())
          : Fields.parse(WHAT, bytes.toString(StandardCharsets.UTF_8));
    } catch (JsonException e) {
      throw Failure.INVALID_JSON.because(e.getMessage());
    }
  }

  /** Refuses a body without this field, even if it may be null. */
  static void require(Fields fields, String key, String expected) {
    if (!fields.values().containsKey(key)) {
      throw new JsonException(
          fields.path() + "." + key + " must be " + expected + ": it is missing");
    }
  }
}
