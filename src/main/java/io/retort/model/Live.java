package io.retort.model;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The file {@code live} of a model: the version that answers, and the one that did before.
 *
 * @param previous null if there was none
 */
record Live(String version, String previous) {
  private static final String NAME = "live";

  static Optional<Live> read(Path model) {
    Path file = model.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Fields fields = Fields.read("[models] " + file, file);
      Live live =
          new Live(
              version(fields, "version"),
              fields.has("previous") ? version(fields, "previous") : null);
      fields.end();
      return Optional.of(live);
    } catch (JsonException e) {
      throw new ModelException(e.getMessage(), e);
    }
  }

  private static String version(Fields fields, String key) {
    String version = fields.text(key);
    if (!Names.isVersion(version)) {
      throw fields.wrong(key, "a version, 1 and up");
    }
    return version;
  }

  void write(Path model) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("version", version);
    if (previous != null) {
      map.put("previous", previous);
    }
    AtomicFiles.write(model.resolve(NAME), Json.write(map) + "\n");
  }
}
