package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * The models that answer at this moment.
 *
 * @param degraded why they answer slower than they should; null where they do not
 */
public record LiveModels(List<LiveModel> models, String degraded) {
  static final Format<LiveModels> FORMAT =
      new JsonFormat<>(LiveModels.class, 1, LiveModels::toJson, LiveModels::of);

  /** Whether a request that names no model gets an answer. */
  public boolean ready() {
    return models.stream().anyMatch(LiveModel::standard);
  }

  private JsonObject toJson() {
    JsonArray list = new JsonArray();
    models.forEach(model -> list.add(model.toJson()));
    JsonObject json = new JsonObject().put("models", list);
    return degraded == null ? json : json.put("degraded", degraded);
  }

  private static LiveModels of(JsonObject json) {
    return new LiveModels(
        json.getJsonArray("models").stream()
            .map(model -> LiveModel.of((JsonObject) model))
            .toList(),
        json.getString("degraded"));
  }
}
