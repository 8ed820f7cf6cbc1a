package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpVerticleTest {
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

  @Test
  void predict_oneDigit_answersProbabilities() throws Exception {
    HttpResponse<String> answer = node.post("/predict", body(digit(1)));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("model")).isEqualTo("student");
    assertThat(json.getString("version")).isEqualTo("1");
    assertThat(sum(json.getJsonArray("prediction").getJsonArray(0))).isBetween(0.9999, 1.0001);
  }

  @Test
  void predict_rows_answersEachAsIfAlone() throws Exception {
    JsonArray rows = new JsonArray();
    for (int i = 0; i < 100; i++) {
      rows.add(new JsonObject(body(digit(1000 + i))).getJsonArray("features"));
    }

    HttpResponse<String> answer =
        node.post("/predict", new JsonObject().put("features", rows).encode());

    JsonArray together = new JsonObject(answer.body()).getJsonArray("prediction");
    assertThat(together.size()).isEqualTo(100);
    for (int i = 0; i < 100; i += 9) {
      JsonObject alone = new JsonObject(node.post("/predict", body(digit(1000 + i))).body());
      for (int c = 0; c < 10; c++) {
        assertThat(together.getJsonArray(i).getDouble(c))
            .isCloseTo(
                alone.getJsonArray("prediction").getJsonArray(0).getDouble(c),
                org.assertj.core.data.Offset.offset(1e-6));
      }
    }
  }

  @Test
  void predict_sameInputAgain_comesFromTheCache() throws Exception {
    String first = node.post("/predict", body(digit(77))).body();
    String second = node.post("/predict", body(digit(77))).body();

    assertThat(new JsonObject(first).getString("source")).isEqualTo("model");
    assertThat(new JsonObject(second).getString("source")).isEqualTo("cache");
    assertThat(new JsonObject(second).getValue("prediction"))
        .isEqualTo(new JsonObject(first).getValue("prediction"));
  }

  @Test
  void predict_namedModel_isAsked() throws Exception {
    String named = new JsonObject(body(digit(5))).put("model", "teacher").encode();

    assertThat(new JsonObject(node.post("/predict", named).body()).getString("model"))
        .isEqualTo("teacher");
  }

  @Test
  void predict_wrongNumberOfFeatures_names784AndWhatCame() throws Exception {
    for (int count : new int[] {0, 1, 700, 783, 785, 1568}) {
      HttpResponse<String> answer = node.post("/predict", body(new float[count]));

      requireError(answer, 400, "invalid_features", "784 numbers a row: " + count + " came");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"features":["a"]}                     | 400 | invalid_features | is text
          {"features":[null]}                    | 400 | invalid_features | is null
          {"features":[NaN]}                     | 400 | invalid_features | is NaN
          {"features":[1e999]}                   | 400 | invalid_features | is too large
          {"features":[[1,2],[3]]}               | 400 | invalid_features | row 1 has 1
          ''                                     | 400 | invalid_json     | it is empty
          not json                               | 400 | invalid_json     | byte 0 is 'n'
          {"features":[1],"model":"nobody"}      | 404 | unknown_model    | nobody
          {"features":[1],"model":"student","version":"9"} | 404 | unknown_version | version 9 of student
          """)
  void predict_badInput_isAClearError(String body, int status, String code, String sentence)
      throws Exception {
    requireError(node.post("/predict", body), status, code, sentence);
  }

  @Test
  void predict_batchOverTheLimit_isRefused() throws Exception {
    String row = "[0" + ",0".repeat(783) + "]";
    String rows = "{\"features\":[" + row + ("," + row).repeat(1024) + "]}";

    requireError(node.post("/predict", rows), 400, "batch_too_large", "1024 rows");
  }

  @Test
  void predict_largestBatch_isAnswered() throws Exception {
    String row = "[0" + ",0".repeat(783) + "]";
    String rows = "{\"features\":[" + row + ("," + row).repeat(1023) + "]}";

    HttpResponse<String> answer = node.post("/predict", rows);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(new JsonObject(answer.body()).getJsonArray("prediction").size()).isEqualTo(1024);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "image/gif", "image"})
  void predict_wrongContentType_is415(String type) throws Exception {
    HttpResponse<String> answer =
        node.send(
            HttpRequest.newBuilder(node.uri("/predict"))
                .header("content-type", type)
                .POST(BodyPublishers.ofString(body(digit(1)))));

    requireError(answer, 415, "unsupported_media_type", type);
  }

  @Test
  void predict_get_is405() throws Exception {
    HttpResponse<String> answer = node.get("/predict");

    requireError(answer, 405, "method_not_allowed", "POST");
    assertThat(answer.headers().firstValue("allow")).contains("POST");
  }

  @Test
  void routes_wrongMethod_is405() throws Exception {
    requireError(node.post("/health", "{}"), 405, "method_not_allowed", "POST /health");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/nothing", "/predict/x", "/v1", "/predict/../etc/passwd", "/%2e%2e/x"})
  void routes_unknown_is404(String path) throws Exception {
    requireError(node.get(path), 404, "unknown_route", "there is no route");
  }

  private static double sum(JsonArray values) {
    return values.stream().mapToDouble(value -> ((Number) value).doubleValue()).sum();
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
    assertThat(json.fieldNames()).containsExactly("error", "code");
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", home.toString());
  }
}
