package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/**
 * Predictions of a model.
 *
 * @param predictions row after row, one probability a class; shared, so never changed
 */
public record PredictReply(
    String model, String version, int rows, float[] predictions, Source source) {
  static final Format<PredictReply> FORMAT = new Codec();

  /** Who knew the answer. */
  public enum Source {
    MODEL("model"),
    CACHE("cache");

    private final String word;

    Source(String word) {
      this.word = word;
    }

    /** The word of the answer: {@code model}. */
    public String word() {
      return word;
    }
  }

  /** The same answer, as the cache gives it. */
  public PredictReply cached() {
    return new PredictReply(model, version, rows, predictions, Source.CACHE);
  }

  private static final class Codec extends Format<PredictReply> {
    Codec() {
      super(PredictReply.class, 1);
    }

    @Override
    protected void write(WireWriter out, PredictReply reply) {
      out.text(reply.model).text(reply.version).integer(reply.rows).floats(reply.predictions);
      out.integer(reply.source.ordinal());
    }

    @Override
    protected PredictReply read(WireReader in) {
      return new PredictReply(
          in.text(), in.text(), in.integer(), in.floats(), Source.values()[in.integer()]);
    }

    @Override
    public JsonObject toJson(PredictReply reply) {
      int classes = reply.predictions.length / reply.rows;
      JsonArray rows = new JsonArray();
      for (int row = 0; row < reply.rows; row++) {
        JsonArray values = new JsonArray();
        for (int i = 0; i < classes; i++) {
          values.add(reply.predictions[row * classes + i]);
        }
        rows.add(values);
      }
      return new JsonObject()
          .put("prediction", rows)
          .put("source", reply.source.word)
          .put("model", reply.model)
          .put("version", reply.version);
    }

    @Override
    public PredictReply fromJson(JsonObject json) {
      JsonArray rows = json.getJsonArray("prediction");
      int classes = rows.getJsonArray(0).size();
      float[] predictions = new float[rows.size() * classes];
      for (int i = 0; i < predictions.length; i++) {
        predictions[i] = rows.getJsonArray(i / classes).getFloat(i % classes);
      }
      Source source =
          json.getString("source").equals(Source.CACHE.word) ? Source.CACHE : Source.MODEL;
      return new PredictReply(
          json.getString("model"), json.getString("version"), rows.size(), predictions, source);
    }
  }
}
