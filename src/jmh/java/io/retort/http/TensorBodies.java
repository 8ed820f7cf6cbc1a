package io.retort.http;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Bodies of {@code infer} with one digit as binary data, all of one length: the JSON part, which
 * asks for a binary answer, then the 784 numbers as float32, the lowest byte first.
 */
public final class TensorBodies {
  private TensorBodies() {}

  /** TensorBodies INPUT COUNT: writes so many bodies for the model's input of that name. */
  public static void main(String[] arguments) throws IOException {
    Dataset digits = Dataset.mnist(Split.TEST);
    int features = Math.toIntExact(digits.sample().size());
    byte[] json = json(arguments[0], features).encode().getBytes(StandardCharsets.UTF_8);
    FloatBuffer pixels = FloatBuffer.allocate(features);
    ByteBuffer tensor = ByteBuffer.allocate(features * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (OutputStream out = new BufferedOutputStream(System.out, 1 << 16)) {
      for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
        digits.images(new int[] {i % digits.size()}, 0, 1, pixels.clear());
        tensor.asFloatBuffer().put(pixels.clear());
        out.write(json);
        out.write(tensor.array());
      }
    }
  }

  private static JsonObject json(String input, int features) {
    JsonObject tensor =
        new JsonObject()
            .put("name", input)
            .put("shape", new JsonArray().add(1).add(features))
            .put("datatype", "FP32")
            .put("parameters", new JsonObject().put("binary_data_size", features * Float.BYTES));
    return new JsonObject()
        .put("parameters", new JsonObject().put("binary_data_output", true))
        .put("inputs", new JsonArray().add(tensor));
  }
}
