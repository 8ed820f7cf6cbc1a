package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads an object whose only field names a kind and holds that kind's settings: {@code
 * {"adam":{…}}}.
 */
final class OneOf {
  private OneOf() {}

  static <T> T parse(Fields fields, Map<String, ? extends Function<Fields, ? extends T>> kinds) {
    String kind = null;
    for (String each : kinds.keySet()) {
      if (fields.has(each)) {
        if (kind != null) {
          throw new JsonException(fields.path() + " must be of one kind: " + kind + " and " + each);
        }
        kind = each;
      }
    }
    fields.end();
    if (kind == null) {
      throw new JsonException(
          fields.path() + " must be one of " + String.join(", ", kinds.keySet()) + ": it is empty");
    }
    Fields settings = fields.object(kind);
    try {
      T value = kinds.get(kind).apply(settings);
      settings.end();
      return value;
    } catch (JsonException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new JsonException(settings.path() + ": " + e.getMessage());
    }
  }
}
