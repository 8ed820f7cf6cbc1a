package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/**
 * Rows to predict.
 *
 * @param model its name, or null for the node's default
 * @param version a number, a label, or null for one by the model's traffic
 * @param rows how many, at least 1
 * @param features row after row; the length is a multiple of {@code rows}. The receiver owns the
 *     array
 * @param timeoutMillis how long the asker waits; 0 for the receiver's own limit
 * @param affinity requests of one affinity get the same version of a split; null for any
 * @param asker tells the receiver in the same process when the answer is not wanted any more
 */
public record PredictRequest(
    String model,
    String version,
    int rows,
    float[] features,
    long timeoutMillis,
    String affinity,
    Asker asker) {
  static final Format<PredictRequest> FORMAT = new Codec();

  /** One row for the default model. */
  public static PredictRequest of(float... features) {
    return new PredictRequest(null, null, 1, features, 0);
  }

  /** Of an asker that has no affinity and does not go away. */
  public PredictRequest(
      String model, String version, int rows, float[] features, long timeoutMillis) {
    this(model, version, rows, features, timeoutMillis, null, Asker.PATIENT);
  }

  /** The same rows, for this version of this model. */
  public PredictRequest to(String model, String version) {
    return new PredictRequest(model, version, rows, features, timeoutMillis, affinity, asker);
  }

  /** The same question of one who waits so long. */
  public PredictRequest within(long timeoutMillis) {
    return new PredictRequest(model, version, rows, features, timeoutMillis, affinity, asker);
  }

  /** The same question, asked by another. */
  public PredictRequest askedBy(Asker other) {
    return new PredictRequest(model, version, rows, features, timeoutMillis, affinity, other);
  }

  private static final class Codec extends Format<PredictRequest> {
    Codec() {
      super(PredictRequest.class, 2);
    }

    @Override
    protected void write(WireWriter out, PredictRequest request) {
      out.text(request.model).text(request.version).integer(request.rows).floats(request.features);
      out.whole(request.timeoutMillis).text(request.affinity);
    }

    @Override
    protected PredictRequest read(WireReader in) {
      return new PredictRequest(
          in.text(), in.text(), in.integer(), in.floats(), in.whole(), in.text(), Asker.PATIENT);
    }

    @Override
    public JsonObject toJson(PredictRequest request) {
      JsonArray features = new JsonArray();
      for (float value : request.features) {
        features.add(value);
      }
      return new JsonObject()
          .put("model", request.model)
          .put("version", request.version)
          .put("rows", request.rows)
          .put("features", features)
          .put("affinity", request.affinity);
    }

    @Override
    public PredictRequest fromJson(JsonObject json) {
      if (!(json.getValue("features") instanceof JsonArray list)) {
        throw Failure.INVALID_FEATURES.because(
            "features must be a list of numbers or of rows of numbers");
      }
      boolean nested = !list.isEmpty() && list.getValue(0) instanceof JsonArray;
      int rows = nested ? list.size() : 1;
      int width = nested ? list.getJsonArray(0).size() : list.size();
      float[] features = new float[Math.multiplyExact(rows, width)];
      for (int row = 0; row < rows; row++) {
        Object values = nested ? list.getValue(row) : list;
        if (!(values instanceof JsonArray array) || array.size() != width) {
          throw Failure.INVALID_FEATURES.because(
              "every row must be a list of "
                  + width
                  + " numbers like row 0: row "
                  + row
                  + " is not");
        }
        copy(array, row, features, row * width);
      }
      return new PredictRequest(
          text(json, "model"),
          text(json, "version"),
          rows,
          features,
          0,
          text(json, "affinity"),
          Asker.PATIENT);
    }

    private static void copy(JsonArray from, int row, float[] into, int at) {
      for (int i = 0; i < from.size(); i++) {
        if (!(from.getValue(i) instanceof Number number) || !Float.isFinite(number.floatValue())) {
          throw Failure.INVALID_FEATURES.because(
              "features must be finite numbers: number " + i + " of row " + row + " is not");
        }
        into[at + i] = number.floatValue();
      }
    }

    private static String text(JsonObject json, String key) {
      Object value = json.getValue(key);
      if (value != null && !(value instanceof String)) {
        throw Failure.INVALID_REQUEST.because(key + " must be a text: " + value);
      }
      return (String) value;
    }
  }
}
