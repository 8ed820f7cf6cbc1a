package io.retort.bus;

import io.vertx.core.json.JsonObject;

/** A version of a model in the store. */
public record ModelVersion(String model, String version) {
  static final Format<ModelVersion> FORMAT =
      new JsonFormat<>(ModelVersion.class, 1, ModelVersion::toJson, ModelVersion::of);

  JsonObject toJson() {
    return new JsonObject().put("model", model).put("version", version);
  }

  private static ModelVersion of(JsonObject json) {
    return new ModelVersion(json.getString("model"), json.getString("version"));
  }
}
