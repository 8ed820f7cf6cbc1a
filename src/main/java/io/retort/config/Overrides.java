package io.retort.config;

import io.retort.json.JsonException;
import io.retort.json.Nearest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Settings from outside {@code verticles.json}: flags win over the environment, which wins over the
 * file. A key is {@code http.port}; in the environment {@code RETORT_HTTP_PORT}, a key of several
 * words {@code RETORT_HTTP_MAX_BODY_BYTES}.
 */
final class Overrides {
  private static final String PREFIX = "RETORT_";
  private static final Map<String, List<String>> SHORT_NAMES =
      Map.of(
          "HOST", List.of("http.host", "grpc.host"),
          "PORT", List.of("http.port"),
          "DIST_TEMP", List.of("training.temperature"),
          "DIST_ALPHA", List.of("training.softWeight"),
          "DIST_EPOCHS", List.of("training.epochs"),
          "BATCH_SIZE", List.of("training.batchSize"),
          "RETORT_API_KEY", List.of("security.apiKey"));

  private final Map<String, Object> values = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();

  /**
   * Collects the overrides.
   *
   * @param flags by key; a text is read as the key's type asks
   */
  Overrides(Map<String, String> environment, Map<String, Object> flags) {
    SHORT_NAMES.forEach(
        (name, keys) -> {
          if (environment.containsKey(name) && !environment.get(name).isBlank()) {
            keys.forEach(key -> values.put(key, typed(name, key, environment.get(name))));
          }
        });
    if (environment.keySet().stream().anyMatch(name -> name.startsWith(PREFIX))) {
      Map<String, String> names = names();
      environment.forEach((name, text) -> take(names, name, text));
    }
    flags.forEach(
        (key, value) -> {
          if (type(key) == null) {
            throw new JsonException(
                "the setting " + key + " is not known" + Nearest.hint(key, names().values()));
          }
          values.put(key, value instanceof String text ? typed(key, key, text) : value);
        });
  }

  private void take(Map<String, String> names, String name, String text) {
    String key = names.get(name);
    if (key != null && !text.isBlank()) {
      values.put(key, typed(name, key, text));
    } else if (key == null
        && Arrays.stream(Part.values()).anyMatch(part -> name.startsWith(prefix(part)))) {
      warnings.add(
          "the environment's " + name + " is not a setting" + Nearest.hint(name, names.keySet()));
    }
  }

  /** The settings of one part, the file's with the overrides laid over. */
  Map<String, Object> over(Part part, Map<String, Object> file) {
    Map<String, Object> merged = new LinkedHashMap<>(file);
    values.forEach(
        (key, value) -> {
          if (key.startsWith(part.word + ".")) {
            merged.put(key.substring(part.word.length() + 1), value);
          }
        });
    return merged;
  }

  List<String> warnings() {
    return warnings;
  }

  /** Every name of the environment by the rule, with its key. */
  private static Map<String, String> names() {
    Map<String, String> names = new LinkedHashMap<>();
    for (Part part : Part.values()) {
      for (String key : part.keys().keySet()) {
        names.put(name(part, key), part.word + "." + key);
      }
    }
    return names;
  }

  /** The environment's name of a key. */
  static String name(Part part, String key) {
    return prefix(part) + key.replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }

  private static String prefix(Part part) {
    return PREFIX + part.word.toUpperCase(Locale.ROOT) + "_";
  }

  /** The type of a key, or null if there is no such key. */
  private static Class<?> type(String key) {
    for (Part part : Part.values()) {
      if (key.startsWith(part.word + ".")) {
        return part.keys().get(key.substring(part.word.length() + 1));
      }
    }
    return null;
  }

  private static Object typed(String name, String key, String text) {
    Class<?> type = type(key);
    if (type == String.class || type == Path.class || type.isEnum()) {
      return text;
    }
    if (type == Secret.class) {
      return Secret.of(text);
    }
    if (type == List.class) {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(word -> !word.isEmpty())
          .toList();
    }
    if (type == boolean.class) {
      if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
        throw new JsonException(name + " must be true or false: " + text);
      }
      return text.equalsIgnoreCase("true");
    }
    try {
      boolean whole = type != Double.class && type != double.class;
      return whole ? (Number) Long.valueOf(text.strip()) : (Number) Double.valueOf(text.strip());
    } catch (NumberFormatException e) {
      throw new JsonException(name + " must be a number: " + text);
    }
  }
}
