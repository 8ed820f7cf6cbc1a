package io.retort.bus;

import io.vertx.core.json.JsonObject;

/**
 * A word that stands for a version of a model.
 *
 * @param version null to take the word away
 */
public record ModelLabel(String model, String label, String version) {
  static final Format<ModelLabel> FORMAT =
      new JsonFormat<>(ModelLabel.class, 1, ModelLabel::toJson, ModelLabel::of);

  private JsonObject toJson() {
    return new JsonObject().put("model", model).put("label", label).put("version", version);
  }

  private static ModelLabel of(JsonObject json) {
    return new ModelLabel(
        json.getString("model"), json.getString("label"), json.getString("version"));
  }
}
