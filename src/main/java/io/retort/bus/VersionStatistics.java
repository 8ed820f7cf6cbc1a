package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * What one version of a model has done since it was loaded.
 *
 * @param lastMillis when it last computed, in milliseconds since 1970; 0 for never
 * @param rows computed
 * @param batches computed: forward passes
 * @param answered requests that got an answer, from their arrival to it
 * @param failed requests that got none
 * @param queued time from a request's arrival to its forward pass
 * @param computed time of the forward passes, counted once a request
 * @param sizes forward passes by their rows, the smallest first
 */
public record VersionStatistics(
    String model,
    String version,
    long lastMillis,
    long rows,
    long batches,
    Tally answered,
    Tally failed,
    Tally queued,
    Tally computed,
    List<BatchSize> sizes) {

  /** How often, and how long together in nanoseconds. */
  public record Tally(long count, long nanos) {
    JsonObject toJson() {
      return new JsonObject().put("count", count).put("nanos", nanos);
    }

    static Tally of(JsonObject json) {
      return new Tally(json.getLong("count"), json.getLong("nanos"));
    }
  }

  /** Forward passes of one number of rows. */
  public record BatchSize(int rows, Tally computed) {}

  public VersionStatistics {
    sizes = List.copyOf(sizes);
  }

  JsonObject toJson() {
    JsonArray list = new JsonArray();
    sizes.forEach(size -> list.add(size.computed.toJson().put("rows", size.rows)));
    return new JsonObject()
        .put("model", model)
        .put("version", version)
        .put("lastMillis", lastMillis)
        .put("rows", rows)
        .put("batches", batches)
        .put("answered", answered.toJson())
        .put("failed", failed.toJson())
        .put("queued", queued.toJson())
        .put("computed", computed.toJson())
        .put("sizes", list);
  }

  static VersionStatistics of(JsonObject json) {
    return new VersionStatistics(
        json.getString("model"),
        json.getString("version"),
        json.getLong("lastMillis"),
        json.getLong("rows"),
        json.getLong("batches"),
        Tally.of(json.getJsonObject("answered")),
        Tally.of(json.getJsonObject("failed")),
        Tally.of(json.getJsonObject("queued")),
        Tally.of(json.getJsonObject("computed")),
        json.getJsonArray("sizes").stream()
            .map(JsonObject.class::cast)
            .map(size -> new BatchSize(size.getInteger("rows"), Tally.of(size)))
            .toList());
  }
}
