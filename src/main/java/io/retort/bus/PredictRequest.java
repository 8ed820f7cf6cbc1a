package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/**
 * Rows to predict.
 *
 * @param model its name, or null for the node's default
 * @param version or null for the live one
 * @param rows how many, at least 1
 * @param features row after row; the length is a multiple of {@code rows}. The receiver owns the
 *     array
 * @param timeoutMillis how long the asker waits; 0 for the receiver's own limit
 */
public record PredictRequest(
    String model, String version, int rows, float[] features, long timeoutMillis) {
  static final Format<PredictRequest> FORMAT = new Codec();

  /** One row for the default model. */
  public static PredictRequest of(float... features) {
    return new PredictRequest(null, null, 1, features, 0);
  }

  private static final class Codec extends Format<PredictRequest> {
    Codec() {
      super(PredictRequest.class, 1);
    }

    @Override
    protected void write(WireWriter out, PredictRequest request) {
      out.text(request.model).text(request.version).integer(request.rows).floats(request.features);
      out.whole(request.timeoutMillis);
    }

    @Override
    protected PredictRequest read(WireReader in) {
      return new PredictRequest(in.text(), in.text(), in.integer(), in.floats(), in.whole());
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
          .put("features", features);
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
      return new PredictRequest(text(json, "model"), text(json, "version"), rows, features, 0);
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
