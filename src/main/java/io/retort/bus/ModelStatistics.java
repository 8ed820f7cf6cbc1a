package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What the loaded versions have done, model after model. */
public record ModelStatistics(List<VersionStatistics> versions) {
  static final Format<ModelStatistics> FORMAT =
      new JsonFormat<>(ModelStatistics.class, 1, ModelStatistics::toJson, ModelStatistics::of);

  private JsonObject toJson() {
    JsonArray list = new JsonArray();
    versions.forEach(version -> list.add(version.toJson()));
    return new JsonObject().put("versions", list);
  }

  private static ModelStatistics of(JsonObject json) {
    return new ModelStatistics(
        json.getJsonArray("versions").stream()
            .map(version -> VersionStatistics.of((JsonObject) version))
            .toList());
  }
}
