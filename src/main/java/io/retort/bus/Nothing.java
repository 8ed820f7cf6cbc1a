package io.retort.bus;

import io.vertx.core.json.JsonObject;

/** A request that says all by its address. */
public record Nothing() {
  public static final Nothing NOTHING = new Nothing();
  static final Format<Nothing> FORMAT =
      new JsonFormat<>(Nothing.class, 1, nothing -> new JsonObject(), json -> NOTHING);
}
