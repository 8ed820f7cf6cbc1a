package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;

/**
 * What is known of one job.
 *
 * @param recipe the recipe's name
 * @param started null while queued
 * @param finished null until the end
 * @param error the reason, of a failed job only
 * @param progress the last report, null before the first
 * @param models what the job saved so far
 */
public record JobState(
    String id,
    String recipe,
    JobStatus status,
    Instant created,
    Instant started,
    Instant finished,
    String error,
    ProgressFrame progress,
    List<ModelVersion> models) {
  static final Format<JobState> FORMAT =
      new JsonFormat<>(JobState.class, 1, JobState::toJson, JobState::of);

  public JsonObject toJson() {
    JsonArray saved = new JsonArray();
    models.forEach(model -> saved.add(model.toJson()));
    JsonObject json =
        new JsonObject().put("id", id).put("recipe", recipe).put("status", status.word());
    put(json, "created", created);
    put(json, "started", started);
    put(json, "finished", finished);
    if (error != null) {
      json.put("error", error);
    }
    if (progress != null) {
      json.put("progress", ProgressFrame.FORMAT.toJson(progress));
    }
    return json.put("models", saved);
  }

  public static JobState of(JsonObject json) {
    JsonObject progress = json.getJsonObject("progress");
    return new JobState(
        json.getString("id"),
        json.getString("recipe"),
        JobStatus.of(json.getString("status")),
        json.getInstant("created"),
        json.getInstant("started"),
        json.getInstant("finished"),
        json.getString("error"),
        progress == null ? null : ProgressFrame.FORMAT.fromJson(progress),
        json.getJsonArray("models").stream()
            .map(JsonObject.class::cast)
            .map(model -> new ModelVersion(model.getString("model"), model.getString("version")))
            .toList());
  }

  private static void put(JsonObject json, String key, Instant time) {
    if (time != null) {
      json.put(key, time.toString());
    }
  }
}
