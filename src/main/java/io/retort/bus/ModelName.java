package io.retort.bus;

import io.vertx.core.json.JsonObject;

/** Names one model; all of them where {@code model} is null. */
public record ModelName(String model) {
  static final Format<ModelName> FORMAT =
      new JsonFormat<>(
          ModelName.class,
          1,
          name -> new JsonObject().put("model", name.model),
          json -> new ModelName(json.getString("model")));
}
