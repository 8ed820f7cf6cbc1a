package io.retort.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.Map;

/**
 * JSON text to and from maps, lists, strings, numbers, booleans and null. Objects keep their order.
 */
public final class Json {
  private static final int MAX_DEPTH = 64;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();
  private static final JSON PLAIN =
      JSON.builder(FACTORY).enable(JSON.Feature.WRITE_NULL_PROPERTIES).build();
  private static final JSON PRETTY = PLAIN.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

  private Json() {}

  /** On one line. */
  public static String write(Object value) {
    return write(PLAIN, value);
  }

  /** Indented, for people. */
  public static String pretty(Object value) {
    return write(PRETTY, value);
  }

  private static String write(JSON json, Object value) {
    try {
      return json.asString(value);
    } catch (IOException e) {
      throw new IllegalArgumentException("[json] a value must be writable: " + e.getMessage(), e);
    }
  }

  /**
   * Reads any JSON value.
   *
   * @throws JsonException if the text is not JSON, with line and column, or nested more than 64
   *     deep
   */
  public static Object parse(String text) {
    if (text.isBlank()) {
      throw new JsonException("must be JSON: the text is empty");
    }
    try (JsonParser parser = FACTORY.createParser(text)) {
      Object value = PLAIN.anyFrom(parser);
      if (parser.nextToken() != null) {
        throw new JsonException(
            "must be JSON: text goes on after its end" + where(parser.currentTokenLocation()));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new JsonException("must be JSON: " + e.getOriginalMessage() + where(e.getLocation()));
    } catch (IOException e) {
      throw new JsonException("must be JSON: " + e.getMessage());
    }
  }

  private static String where(JsonLocation at) {
    return at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }
}
