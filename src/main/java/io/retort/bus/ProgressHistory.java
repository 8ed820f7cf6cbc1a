package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The reports of a job, or of several, oldest first. */
public record ProgressHistory(List<ProgressFrame> frames) {
  static final Format<ProgressHistory> FORMAT =
      new JsonFormat<>(ProgressHistory.class, 1, ProgressHistory::toJson, ProgressHistory::of);

  private JsonObject toJson() {
    JsonArray list = new JsonArray();
    frames.forEach(frame -> list.add(ProgressFrame.FORMAT.toJson(frame)));
    return new JsonObject().put("frames", list);
  }

  private static ProgressHistory of(JsonObject json) {
    return new ProgressHistory(
        json.getJsonArray("frames").stream()
            .map(frame -> ProgressFrame.FORMAT.fromJson((JsonObject) frame))
            .toList());
  }
}
