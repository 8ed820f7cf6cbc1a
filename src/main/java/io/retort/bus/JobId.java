package io.retort.bus;

import io.vertx.core.json.JsonObject;

/** Names one job. */
public record JobId(String id) {
  static final Format<JobId> FORMAT =
      new JsonFormat<>(JobId.class, 1, job -> new JsonObject().put("id", job.id), JobId::of);

  private static JobId of(JsonObject json) {
    return new JobId(json.getString("id", ""));
  }
}
