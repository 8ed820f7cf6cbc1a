package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * A model that answers.
 *
 * @param version the live one
 * @param features numbers that one row must have
 * @param classes numbers that the answer to one row has
 * @param standard whether it answers requests that name no model
 * @param sample shape of one row as the model sees it, as [1, 28, 28]
 * @param traffic which version answers whom
 */
public record LiveModel(
    String model,
    String version,
    int features,
    int classes,
    boolean standard,
    List<Integer> sample,
    Traffic traffic) {
  static final Format<LiveModel> FORMAT =
      new JsonFormat<>(LiveModel.class, 2, LiveModel::toJson, LiveModel::of);

  public JsonObject toJson() {
    return new JsonObject()
        .put("model", model)
        .put("version", version)
        .put("features", features)
        .put("classes", classes)
        .put("default", standard)
        .put("sample", new JsonArray(sample))
        .put("traffic", traffic.toJson());
  }

  static LiveModel of(JsonObject json) {
    return new LiveModel(
        json.getString("model"),
        json.getString("version"),
        json.getInteger("features"),
        json.getInteger("classes"),
        json.getBoolean("default"),
        json.getJsonArray("sample").stream().map(dim -> ((Number) dim).intValue()).toList(),
        Traffic.of(json.getJsonObject("traffic")));
  }
}
