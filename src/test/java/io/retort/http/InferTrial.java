package io.retort.http;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.body;

import io.retort.TrialNode;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** A client of {@code infer}, for tests. */
final class InferTrial {
  static final String LENGTH = "Inference-Header-Content-Length";

  private InferTrial() {}

  record Answer(int status, String type, int jsonLength, Buffer body) {}

  static Answer post(TrialNode node, String path, int jsonLength, Buffer body) {
    HttpClient client = node.vertx().createHttpClient();
    Answer answer =
        await(
            client
                .request(HttpMethod.POST, node.port(), "127.0.0.1", path)
                .compose(request -> send(request, jsonLength, body)));
    await(client.close());
    return answer;
  }

  /** All on the request's own context: a handler that comes late would miss the body. */
  private static Future<Answer> send(HttpClientRequest request, int jsonLength, Buffer body) {
    return request
        .putHeader(LENGTH, Integer.toString(jsonLength))
        .putHeader("content-type", "application/octet-stream")
        .send(body)
        .compose(response -> response.body().map(bytes -> answer(response, bytes)));
  }

  private static Answer answer(HttpClientResponse response, Buffer bytes) {
    String length = response.getHeader(LENGTH);
    return new Answer(
        response.statusCode(),
        response.getHeader("content-type"),
        length == null ? bytes.length() : Integer.parseInt(length),
        bytes);
  }

  static JsonObject request(String shape, float[] features) {
    JsonObject input = new JsonObject(body(features));
    return new JsonObject()
        .put(
            "inputs",
            new JsonArray()
                .add(
                    new JsonObject()
                        .put("name", "features")
                        .put("shape", new JsonArray(shape))
                        .put("datatype", "FP32")
                        .put("data", input.getJsonArray("features"))));
  }

  static JsonObject binaryRequest(String shape, String datatype, int size) {
    return new JsonObject()
        .put(
            "inputs",
            new JsonArray()
                .add(
                    new JsonObject()
                        .put("name", "features")
                        .put("shape", new JsonArray(shape))
                        .put("datatype", datatype)
                        .put("parameters", new JsonObject().put("binary_data_size", size))));
  }

  static Buffer floats(float[] values) {
    Buffer buffer = Buffer.buffer();
    for (float value : values) {
      buffer.appendFloatLE(value);
    }
    return buffer;
  }
}
