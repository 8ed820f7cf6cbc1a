package io.retort.bus;

import io.vertx.core.json.JsonObject;

/**
 * A model that answers.
 *
 * @param features numbers that one row must have
 * @param classes numbers that the answer to one row has
 * @param standard whether it answers requests that name no model
 */
public record LiveModel(String model, String version, int features, int classes, boolean standard) {
  static final Format<LiveModel> FORMAT =
      new JsonFormat<>(LiveModel.class, 1, LiveModel::toJson, LiveModel::of);

  JsonObject toJson() {
    return new JsonObject()
        .put("model", model)
        .put("version", version)
        .put("features", features)
        .put("classes", classes)
        .put("default", standard);
  }

  static LiveModel of(JsonObject json) {
    return new LiveModel(
        json.getString("model"),
        json.getString("version"),
        json.getInteger("features"),
        json.getInteger("classes"),
        json.getBoolean("default"));
  }
}
