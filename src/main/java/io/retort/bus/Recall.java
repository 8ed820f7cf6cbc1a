package io.retort.bus;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/**
 * A body of {@code POST /predict} as it came, to be answered if the same bytes were answered
 * before.
 *
 * @param body JSON; never changed from now on
 * @param affinity as in {@link PredictRequest}
 */
public record Recall(Buffer body, String affinity) {
  static final Format<Recall> FORMAT = new Codec();

  private static final class Codec extends Format<Recall> {
    Codec() {
      super(Recall.class, 1);
    }

    @Override
    protected void write(WireWriter out, Recall recall) {
      out.bytes(recall.body).text(recall.affinity);
    }

    @Override
    protected Recall read(WireReader in) {
      return new Recall(in.bytes(), in.text());
    }

    @Override
    public JsonObject toJson(Recall recall) {
      return new JsonObject().put("body", recall.body.toString()).put("affinity", recall.affinity);
    }

    @Override
    public Recall fromJson(JsonObject json) {
      if (!(json.getValue("body") instanceof String body)) {
        throw Failure.INVALID_REQUEST.because("body must be a text");
      }
      return new Recall(Buffer.buffer(body), json.getString("affinity"));
    }
  }
}
