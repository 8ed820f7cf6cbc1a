package io.retort.bus;

import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How the requests of a model are to be shared.
 *
 * @param percent by version, whole numbers from 1 with the sum 100
 */
public record ModelSplit(String model, Map<String, Integer> percent) {
  static final Format<ModelSplit> FORMAT =
      new JsonFormat<>(ModelSplit.class, 1, ModelSplit::toJson, ModelSplit::of);

  private JsonObject toJson() {
    JsonObject shares = new JsonObject();
    percent.forEach(shares::put);
    return new JsonObject().put("model", model).put("percent", shares);
  }

  private static ModelSplit of(JsonObject json) {
    JsonObject shares = json.getJsonObject("percent");
    Map<String, Integer> percent = new LinkedHashMap<>();
    shares.fieldNames().forEach(version -> percent.put(version, shares.getInteger(version)));
    return new ModelSplit(json.getString("model"), percent);
  }
}
