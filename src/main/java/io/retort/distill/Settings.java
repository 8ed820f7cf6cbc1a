package io.retort.distill;

import java.util.LinkedHashMap;
import java.util.Map;

/** Maps of a recipe's JSON, in the order in which they are written. */
final class Settings {
  private Settings() {}

  /** Names and values in turn. */
  static Map<String, Object> of(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }
}
