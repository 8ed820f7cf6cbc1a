package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Models of the store, by name. */
public record ModelList(List<ModelState> models) {
  static final Format<ModelList> FORMAT =
      new JsonFormat<>(ModelList.class, 1, ModelList::toJson, ModelList::of);

  public JsonObject toJson() {
    JsonArray list = new JsonArray();
    models.forEach(model -> list.add(model.toJson()));
    return new JsonObject().put("models", list);
  }

  private static ModelList of(JsonObject json) {
    return new ModelList(
        json.getJsonArray("models").stream()
            .map(model -> ModelState.of((JsonObject) model))
            .toList());
  }
}
