package io.retort.http;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Failure;
import io.retort.bus.Nothing;
import io.retort.bus.PredictRequest;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferRouteTest {
  private static final String INFER = "/v2/models/student/infer";

  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    node = TrialNode.serving(home);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {INFER, "/v2/models/student/versions/1/infer", "/v2/models/%73tudent/infer"})
  void infer_json_answersWhatPredictDoes(String path) throws Exception {
    float[] digit = digit(1);
    JsonObject request = InferTrial.request("[1,1,28,28]", digit).put("id", "seven é");

    HttpResponse<String> answer = node.post(path, request.encode());

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    assertThat(answer.headers().firstValue(InferTrial.LENGTH)).isEmpty();
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("model_name")).isEqualTo("student");
    assertThat(json.getString("model_version")).isEqualTo("1");
    assertThat(json.getString("id")).isEqualTo("seven é");
    JsonObject probabilities = json.getJsonArray("outputs").getJsonObject(0);
    assertThat(probabilities.getString("name")).isEqualTo("probabilities");
    assertThat(probabilities.getJsonArray("shape")).isEqualTo(new JsonArray("[1,10]"));
    assertThat(probabilities.getJsonArray("data")).isEqualTo(predicted(digit));
  }

  @Test
  void infer_binary_answersTheSameBothWays() throws Exception {
    float[] digit = digit(2);
    JsonObject request =
        InferTrial.binaryRequest("[1,784]", "FP32", 3136)
            .put("id", "2")
            .put("parameters", new JsonObject().put("binary_data_output", true));
    Buffer json = request.toBuffer();

    InferTrial.Answer answer =
        InferTrial.post(
            node, INFER, json.length(), json.copy().appendBuffer(InferTrial.floats(digit)));

    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
    assertThat(answer.type()).isEqualTo("application/octet-stream");
    JsonObject head = new JsonObject(answer.body().getBuffer(0, answer.jsonLength()));
    assertThat(head.getString("id")).isEqualTo("2");
    assertThat(head.getJsonArray("outputs").getJsonObject(0).getJsonObject("parameters"))
        .isEqualTo(new JsonObject("{\"binary_data_size\":40}"));
    requireOutputs(answer, predicted(digit));
  }

  @Test
  void infer_tensorAlone_isAnsweredByBinaryData() throws Exception {
    float[] digit = digit(3);

    InferTrial.Answer answer = InferTrial.post(node, INFER, 0, InferTrial.floats(digit));

    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
    requireOutputs(answer, predicted(digit));
  }

  @Test
  void infer_binaryRowsJsonAnswer_areInTheirOrder() throws Exception {
    Buffer json =
        InferTrial.binaryRequest("[3,784]", "FP32", 3 * 3136)
            .put("outputs", new JsonArray().add(new JsonObject().put("name", "probabilities")))
            .toBuffer();
    Buffer body = json.copy();
    for (int row = 0; row < 3; row++) {
      body.appendBuffer(InferTrial.floats(digit(10 + row)));
    }

    InferTrial.Answer answer = InferTrial.post(node, INFER, json.length(), body);

    assertThat(answer.type()).isEqualTo("application/json");
    JsonArray outputs = answer.body().toJsonObject().getJsonArray("outputs");
    assertThat(outputs.size()).isEqualTo(1);
    JsonArray data = outputs.getJsonObject(0).getJsonArray("data");
    for (int row = 0; row < 3; row++) {
      JsonArray alone = predicted(digit(10 + row));
      for (int i = 0; i < 10; i++) {
        assertThat(data.getDouble(10 * row + i))
            .isCloseTo(alone.getDouble(i), org.assertj.core.data.Offset.offset(1e-6));
      }
    }
  }

  @Test
  void infer_afterPredictOfTheSame_comesFromTheSameCache() throws Exception {
    float[] digit = digit(99);
    predicted(digit);
    long hits = cacheHits();

    assertThat(node.post(INFER, InferTrial.request("[784]", digit).encode()).statusCode())
        .isEqualTo(200);

    assertThat(cacheHits()).isEqualTo(hits + 1);
  }

  @Test
  void infer_wrongNumberOfFeatures_namesTheTensor() throws Exception {
    HttpResponse<String> answer =
        node.post(INFER, InferTrial.request("[1,700]", new float[700]).encode());

    requireError(answer, 400, "invalid_tensor", "input features has the shape [1, 700]: ");
    assertThat(answer.body()).contains("784 numbers a row: 700 came");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /v2/models/nobody/infer             | 404 | unknown_model
          /v2/models/student/versions/9/infer | 404 | unknown_version
          /v2/models/..%2Fstudent/infer       | 404 | unknown_model
          """)
  void infer_unknownModelOrVersion_is404(String path, int status, String code) throws Exception {
    requireError(node.post(path, InferTrial.request("[784]", digit(1)).encode()), status, code, "");
  }

  @Test
  void infer_pathsThatAreNoRoute_are404() throws Exception {
    requireError(node.post("/v2/models/infer", "{}"), 405, "method_not_allowed", "");
    requireError(node.post("/v2/models/student/x/infer", "{}"), 404, "unknown_route", "");
    requireError(node.get(INFER), 405, "method_not_allowed", "GET " + INFER);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "", "1e2", "100000", "99999999999999999999", "4294967297"})
  void infer_headerThatIsNoLengthOfTheBody_isRefused(String length) throws Exception {
    HttpResponse<String> answer =
        node.send(
            HttpRequest.newBuilder(node.uri(INFER))
                .header(InferTrial.LENGTH, length)
                .POST(BodyPublishers.ofString("{}")));

    requireError(
        answer, 400, "invalid_request", InferTrial.LENGTH + " must be a whole number up to the 2");
  }

  @Test
  void infer_truncatedTensor_isRefused() throws Exception {
    Buffer json = InferTrial.binaryRequest("[1,784]", "FP32", 3136).toBuffer();
    Buffer body = json.copy().appendBuffer(InferTrial.floats(digit(1)));

    InferTrial.Answer answer =
        InferTrial.post(node, INFER, json.length(), body.slice(0, body.length() - 4));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().toJsonObject().getString("code")).isEqualTo("invalid_tensor");
    assertThat(answer.body().toJsonObject().getString("error")).contains("3132 came");
  }

  @Test
  void infer_wrongContentType_namesBoth() throws Exception {
    HttpResponse<String> answer =
        node.send(
            HttpRequest.newBuilder(node.uri(INFER))
                .header("content-type", "text/plain")
                .POST(BodyPublishers.ofString("{}")));

    requireError(
        answer,
        415,
        "unsupported_media_type",
        "application/json or application/octet-stream: text/plain");
  }

  @Test
  void infer_withoutContentType_isRead() throws Exception {
    HttpResponse<String> answer =
        node.send(
            HttpRequest.newBuilder(node.uri(INFER))
                .POST(BodyPublishers.ofString(InferTrial.request("[784]", digit(1)).encode())));

    assertThat(answer.statusCode()).isEqualTo(200);
  }

  @Test
  void infer_affinityAndTimeout_reachTheModel(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http")) {
      PredictRequest[] asked = {null};
      alone
          .bus()
          .serve(
              Addresses.PREDICT,
              question -> {
                asked[0] = question;
                return Future.failedFuture(Failure.QUEUE_FULL.because("full"));
              });
      JsonObject request =
          InferTrial.request("[2]", new float[] {1, 2})
              .put("parameters", new JsonObject().put("timeout", 1500));

      HttpResponse<String> answer =
          alone.send(
              HttpRequest.newBuilder(alone.uri("/v2/models/m/versions/canary/infer"))
                  .header("x-retort-affinity", "user-7")
                  .POST(BodyPublishers.ofString(request.encode())));

      requireError(answer, 429, "queue_full", "full");
      assertThat(answer.headers().firstValue("retry-after")).isPresent();
      assertThat(asked[0].affinity()).isEqualTo("user-7");
      assertThat(asked[0].timeoutMillis()).isEqualTo(2);
      assertThat(asked[0].version()).isEqualTo("canary");
    }
  }

  @Test
  void infer_nobodyAnswers_isNotReady(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http")) {
      HttpResponse<String> answer =
          alone.post("/v2/models/m/infer", InferTrial.request("[1]", new float[1]).encode());

      requireError(answer, 503, "not_ready", "no model answers yet");
    }
  }

  private static long cacheHits() {
    return await(node.bus().request(Addresses.CACHE_STATE, Nothing.NOTHING)).hits();
  }

  private static void requireOutputs(InferTrial.Answer answer, JsonArray expected) {
    assertThat(answer.body().length()).isEqualTo(answer.jsonLength() + 40 + 8);
    int best = 0;
    for (int i = 0; i < 10; i++) {
      assertThat(answer.body().getFloatLE(answer.jsonLength() + 4 * i))
          .isEqualTo(expected.getFloat(i));
      best = expected.getFloat(i) > expected.getFloat(best) ? i : best;
    }
    assertThat(answer.body().getLongLE(answer.jsonLength() + 40)).isEqualTo(best);
  }

  private static JsonArray predicted(float[] digit) throws Exception {
    return new JsonObject(node.post("/predict", body(digit)).body())
        .getJsonArray("prediction")
        .getJsonArray(0);
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
    assertThat(json.fieldNames()).containsExactly("error", "code");
  }
}
