package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One model of the store, and who answers for it.
 *
 * @param live the version that answers, or null if none was ever promoted
 * @param previous the one that did before, or null
 * @param traffic null where no version answers
 * @param versions the oldest first
 */
public record ModelState(
    String model, String live, String previous, Traffic traffic, List<VersionState> versions) {
  static final Format<ModelState> FORMAT =
      new JsonFormat<>(ModelState.class, 1, ModelState::toJson, ModelState::of);

  public JsonObject toJson() {
    JsonArray list = new JsonArray();
    versions.forEach(version -> list.add(version.toJson()));
    return new JsonObject()
        .put("model", model)
        .put("live", live)
        .put("previous", previous)
        .put("traffic", traffic == null ? null : traffic.toJson())
        .put("versions", list);
  }

  static ModelState of(JsonObject json) {
    JsonObject traffic = json.getJsonObject("traffic");
    return new ModelState(
        json.getString("model"),
        json.getString("live"),
        json.getString("previous"),
        traffic == null ? null : Traffic.of(traffic),
        json.getJsonArray("versions").stream()
            .map(version -> VersionState.of((JsonObject) version))
            .toList());
  }
}
