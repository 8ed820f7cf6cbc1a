package io.retort.bus;

import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * One version of a model in the store.
 *
 * @param reason why it could not be loaded; null unless it failed
 * @param created ISO-8601
 * @param parameters numbers that were trained
 * @param bytes of its weights on the disk
 * @param recipe that made it, or null
 * @param teacher hash of the weights of the model it was distilled from, or null
 * @param metrics as accuracy, by name
 * @param rowMicros what one row takes at its fastest, in microseconds; 0 where it is not loaded
 */
public record VersionState(
    String version,
    Status status,
    String reason,
    String created,
    long parameters,
    long bytes,
    String recipe,
    String teacher,
    Map<String, Double> metrics,
    double rowMicros) {

  /** Whether it can answer. */
  public enum Status {
    /** On the disk alone. */
    UNLOADED,
    LOADING,
    /** Loaded and warm. */
    READY,
    /** It could not be loaded. */
    FAILED
  }

  public VersionState {
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
  }

  JsonObject toJson() {
    JsonObject numbers = new JsonObject();
    metrics.forEach(numbers::put);
    return new JsonObject()
        .put("version", version)
        .put("status", status.name().toLowerCase(java.util.Locale.ROOT))
        .put("reason", reason)
        .put("created", created)
        .put("parameters", parameters)
        .put("bytes", bytes)
        .put("recipe", recipe)
        .put("teacher", teacher)
        .put("metrics", numbers)
        .put("rowMicros", rowMicros);
  }

  static VersionState of(JsonObject json) {
    JsonObject numbers = json.getJsonObject("metrics");
    Map<String, Double> metrics = new TreeMap<>();
    numbers.fieldNames().forEach(name -> metrics.put(name, numbers.getDouble(name)));
    return new VersionState(
        json.getString("version"),
        Status.valueOf(json.getString("status").toUpperCase(java.util.Locale.ROOT)),
        json.getString("reason"),
        json.getString("created"),
        json.getLong("parameters"),
        json.getLong("bytes"),
        json.getString("recipe"),
        json.getString("teacher"),
        metrics,
        json.getDouble("rowMicros"));
  }
}
