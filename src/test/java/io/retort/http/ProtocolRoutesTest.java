package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
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

class ProtocolRoutesTest {
  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    node = TrialNode.start(home, Map.of(), "inference", "http");
    node.awaitLive("student", "1");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void health_servingNode_isLiveAndReady() throws Exception {
    assertThat(answer(node.get("/v2/health/live"))).isEqualTo(new JsonObject("{\"live\":true}"));
    assertThat(answer(node.get("/v2/health/ready"))).isEqualTo(new JsonObject("{\"ready\":true}"));
  }

  @Test
  void health_nodeWithoutModels_isLiveAndNotReady(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http")) {
      assertThat(alone.get("/v2/health/live").statusCode()).isEqualTo(200);
      requireError(alone.get("/v2/health/ready"), 503, "not_ready", "no model answers yet");
      requireError(alone.get("/v2/models/m/ready"), 503, "unavailable", "serves models");
    }
  }

  @Test
  void server_metadata_namesItsExtensions() throws Exception {
    JsonObject json = answer(node.get("/v2"));

    assertThat(json.getString("name")).isEqualTo("retort");
    assertThat(json.getString("version")).isNotBlank();
    assertThat(json.getJsonArray("extensions"))
        .isEqualTo(
            new JsonArray().add("binary_tensor_data").add("model_repository").add("statistics"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2/models/student", "/v2/models/student/versions/1"})
  void model_metadata_hasItsTensors(String path) throws Exception {
    assertThat(answer(node.get(path)))
        .isEqualTo(
            new JsonObject(
                """
                {"name":"student","versions":["1"],"platform":"retort",
                 "inputs":[{"name":"features","datatype":"FP32","shape":[-1,1,28,28]}],
                 "outputs":[{"name":"probabilities","datatype":"FP32","shape":[-1,10]},
                            {"name":"class","datatype":"INT64","shape":[-1]}]}"""));
    assertThat(answer(node.get(path + "/ready")))
        .isEqualTo(new JsonObject("{\"name\":\"student\",\"ready\":true}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /v2/models/nobody                   | unknown_model   | nobody
          /v2/models/nobody/ready             | unknown_model   | nobody
          /v2/models/student/versions/9       | unknown_version | those that do are 1
          /v2/models/student/versions/9/ready | unknown_version | version 9 of student
          /v2/models                          | unknown_route   | /v2/models
          /v2/nothing                         | unknown_route   | /v2/nothing
          """)
  void model_unknown_is404(String path, String code, String sentence) throws Exception {
    requireError(node.get(path), 404, code, sentence);
  }

  private static JsonObject answer(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new JsonObject(answer.body());
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
  }
}
