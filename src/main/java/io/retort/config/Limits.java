package io.retort.config;

import io.retort.json.Fields;
import java.util.List;

/** Numbers within bounds and words out of a list, read from {@link Fields}. */
final class Limits {
  private final Fields fields;

  Limits(Fields fields) {
    this.fields = fields;
  }

  int integer(String key, int otherwise, int least, int most) {
    int value = fields.integer(key, otherwise);
    if (value < least || value > most) {
      throw fields.wrong(key, "between " + least + " and " + most);
    }
    return value;
  }

  double number(String key, double least, double most) {
    double value = fields.number(key);
    if (value < least || value > most) {
      throw fields.wrong(key, "between " + least + " and " + most);
    }
    return value;
  }

  /** One of {@code words}; the first where there is none. */
  String oneOf(String key, String... words) {
    String value = fields.text(key, words[0]);
    if (!List.of(words).contains(value)) {
      throw fields.wrong(key, "one of " + String.join(", ", words));
    }
    return value;
  }

  List<String> texts(String key) {
    for (Object value : fields.list(key)) {
      if (!(value instanceof String)) {
        throw fields.wrong(key, "a list of texts");
      }
    }
    return fields.list(key).stream().map(String.class::cast).toList();
  }
}
