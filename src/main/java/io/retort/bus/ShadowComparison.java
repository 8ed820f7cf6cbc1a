package io.retort.bus;

import io.vertx.core.json.JsonObject;

/**
 * How far a shadow agrees with the answers that were given, since it became the shadow.
 *
 * @param shadow the version, or null where the model has none; then all numbers are 0
 * @param rows compared
 * @param agreeing rows for which both chose the same class
 * @param divergence the mean over the rows of KL(answer ‖ shadow), in nats
 * @param dropped rows that were not compared, because the shadow did not keep up
 */
public record ShadowComparison(
    String model, String shadow, long rows, long agreeing, double divergence, long dropped) {
  static final Format<ShadowComparison> FORMAT =
      new JsonFormat<>(ShadowComparison.class, 1, ShadowComparison::toJson, ShadowComparison::of);

  public JsonObject toJson() {
    return new JsonObject()
        .put("model", model)
        .put("shadow", shadow)
        .put("rows", rows)
        .put("agreeing", agreeing)
        .put("agreement", rows == 0 ? null : (Double) ((double) agreeing / rows))
        .put("divergence", divergence)
        .put("dropped", dropped);
  }

  private static ShadowComparison of(JsonObject json) {
    return new ShadowComparison(
        json.getString("model"),
        json.getString("shadow"),
        json.getLong("rows"),
        json.getLong("agreeing"),
        json.getDouble("divergence"),
        json.getLong("dropped"));
  }
}
