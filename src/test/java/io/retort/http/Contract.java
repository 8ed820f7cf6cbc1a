package io.retort.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** {@code openapi.yaml} as maps and lists, its references followed. */
final class Contract {
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

  /**
   * What one method of one path does.
   *
   * @param path with its parameters in braces
   */
  record Operation(String method, String path, Map<String, Object> content) {
    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  private final Map<String, Object> document;

  private Contract(Map<String, Object> document) {
    this.document = document;
  }

  static Contract read() {
    try (InputStream in = Contract.class.getResourceAsStream("/openapi.yaml")) {
      LoadSettings settings = LoadSettings.builder().setMaxAliasesForCollections(1000).build();
      return new Contract(map(new Load(settings).loadFromInputStream(in)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Map<String, Object> document() {
    return document;
  }

  List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    map(document.get("paths"))
        .forEach(
            (path, item) ->
                map(item)
                    .forEach(
                        (key, content) -> {
                          if (METHODS.contains(key)) {
                            String method = key.toUpperCase(Locale.ROOT);
                            operations.add(new Operation(method, path, map(content)));
                          }
                        }));
    return operations;
  }

  /** The examples of what a content type of a request or a response holds, by name. */
  Map<String, Object> examples(Map<String, Object> media) {
    Map<String, Object> examples = new java.util.LinkedHashMap<>();
    if (media.containsKey("example")) {
      examples.put("example", media.get("example"));
    }
    map(media.getOrDefault("examples", Map.of()))
        .forEach((name, example) -> examples.put(name, resolve(example).get("value")));
    return examples;
  }

  /** What a status of an operation answers; the default where the status is not named. */
  Map<String, Object> response(Operation operation, int status) {
    Map<String, Object> responses = map(operation.content.get("responses"));
    return resolve(responses.getOrDefault("" + status, responses.get("default")));
  }

  /** Whether the operation names the status. */
  static boolean names(Operation operation, int status) {
    return map(operation.content.get("responses")).containsKey("" + status);
  }

  /** A part of the document, or what it refers to. */
  Map<String, Object> resolve(Object part) {
    Map<String, Object> found = map(part);
    while (found.containsKey("$ref")) {
      String reference = (String) found.get("$ref");
      Object place = document;
      for (String step : reference.substring(2).split("/")) {
        place = map(place).get(step);
      }
      if (place == null) {
        throw new AssertionError("nothing is at " + reference);
      }
      found = map(place);
    }
    return found;
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) {
    return (List<Object>) value;
  }
}
