package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
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

class ModelRoutesTest {
  static final String INFER =
      """
      {"inputs":[{"name":"features","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""";

  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    for (int version = 1; version <= 3; version++) {
      TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(4), 3, 2), version);
      TrialNode.putLive(home, "other", Architecture.mlp(Shape.of(4), 3, 2), version);
    }
    node = TrialNode.start(home, Map.of(), "inference", "http");
    node.awaitLive("student", "3");
    node.awaitLive("other", "3");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void models_ofTheStore_areListedWithTheirVersions() throws Exception {
    JsonArray models = answer(node.get("/v1/models")).getJsonArray("models");
    JsonObject one = answer(node.get("/v1/models/other"));

    assertThat(models.size()).isEqualTo(2);
    assertThat(models.getJsonObject(0).getString("model")).isEqualTo("other");
    assertThat(one.getString("live")).isEqualTo("3");
    assertThat(one.getJsonArray("versions").size()).isEqualTo(3);
    assertThat(one.getJsonArray("versions").getJsonObject(2).getString("status"))
        .isEqualTo("ready");
  }

  @Test
  void traffic_changedStepByStep_isWhatItsRoutesSay() throws Exception {
    assertThat(change("promote", "{\"version\":\"1\"}").getString("live")).isEqualTo("1");
    assertThat(change("rollback", "").getString("live")).isEqualTo("3");

    assertThat(traffic("split", "{\"percent\":{\"3\":90,\"2\":10}}").getJsonObject("percent"))
        .isEqualTo(new JsonObject("{\"3\":90,\"2\":10}"));
    assertThat(traffic("shadow", "{\"version\":\"1\"}").getString("shadow")).isEqualTo("1");
    assertThat(
            traffic("labels", "{\"label\":\"canary\",\"version\":\"2\"}").getJsonObject("labels"))
        .isEqualTo(new JsonObject("{\"canary\":\"2\"}"));
    assertThat(
            answer(node.post("/v2/models/student/versions/canary/infer", INFER))
                .getString("model_version"))
        .isEqualTo("2");
    assertThat(answer(node.get("/v1/models/student/comparison")).getString("shadow"))
        .isEqualTo("1");
    assertThat(
            answer(node.get("/v1/models/student/statistics"))
                .getJsonArray("versions")
                .getJsonObject(0)
                .getString("model"))
        .isEqualTo("student");

    assertThat(traffic("labels", "{\"label\":\"canary\",\"version\":null}").getJsonObject("labels"))
        .isEmpty();
    assertThat(traffic("shadow", "{\"version\":null}").getString("shadow")).isNull();
    assertThat(traffic("split", "{\"percent\":{\"3\":100}}").getJsonArray("loaded")).contains("3");
  }

  @Test
  void loadAndUnload_version_isReadyAndNot() throws Exception {
    assertThat(status(answer(node.post("/v1/models/other/load", "{\"version\":\"1\"}")), 0))
        .isEqualTo("ready");
    assertThat(
            answer(node.post("/v2/models/other/versions/1/infer", INFER))
                .getString("model_version"))
        .isEqualTo("1");
    assertThat(status(answer(node.post("/v1/models/other/unload", "{\"version\":\"1\"}")), 0))
        .isEqualTo("unloaded");
    assertThat(node.post("/v2/models/other/versions/1/infer", INFER).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          student/promote | ''                     | 400 | invalid_request | the body.version must be a text: it is missing
          student/promote | {"version":3}          | 400 | invalid_request | the body.version must be a text: 3
          student/promote | {"version":"3","x":1}  | 400 | invalid_request | the body.x is not known
          student/promote | {"version":"9"}        | 404 | unknown_version | 9
          student/promote | not json               | 400 | invalid_json    | the body must be JSON
          student/promote | []                     | 400 | invalid_json    | the body must be a JSON object
          student/rollback | {"version":"1"}       | 400 | invalid_request | the body.version is not known
          student/split   | {}                     | 400 | invalid_request | the body.percent must be an object of a percentage by version: it is missing
          student/split   | {"percent":{"3":"90"}} | 400 | invalid_request | the body.percent.3 must be a whole number
          student/split   | {"percent":{"3":90}}   | 400 | invalid_traffic | sum 100: 90
          student/split   | {"percent":{}}         | 400 | invalid_traffic | sum 100: 0
          student/split   | {"percent":{"9":100}}  | 404 | unknown_version | 9
          student/shadow  | {}                     | 400 | invalid_request | the body.version must be a version or null: it is missing
          student/shadow  | {"version":"3"}        | 400 | invalid_traffic | a shadow must have no share
          student/labels  | {"version":"2"}        | 400 | invalid_request | the body.label must be a text: it is missing
          student/labels  | {"label":"x"}          | 400 | invalid_request | the body.version must be a version or null
          student/labels  | {"label":"9","version":"2"} | 400 | invalid_traffic | a label must be
          student/load    | {"version":"9"}        | 404 | unknown_version | 9
          student/unload  | {"version":"3"}        | 409 | model_in_use    | version 3 of student
          nobody/promote  | {"version":"1"}        | 404 | unknown_model   | nobody
          ..%2Fx/promote  | {"version":"1"}        | 404 | unknown_model   | ../x
          """)
  void change_thatCannotBe_isRefused(
      String path, String body, int status, String code, String sentence) throws Exception {
    requireError(node.post("/v1/models/" + path, body), status, code, sentence);
  }

  @Test
  void model_unknown_is404() throws Exception {
    for (String path : new String[] {"", "/statistics", "/comparison"}) {
      requireError(node.get("/v1/models/nobody" + path), 404, "unknown_model", "nobody");
    }
  }

  @Test
  void models_nodeWithoutInference_isUnavailable(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http")) {
      requireError(alone.get("/v1/models"), 503, "unavailable", "serves models");
      requireError(
          alone.post("/v1/models/m/promote", "{\"version\":\"1\"}"), 503, "unavailable", "serves");
    }
  }

  private static JsonObject change(String path, String body) throws Exception {
    return answer(node.post("/v1/models/student/" + path, body));
  }

  private static JsonObject traffic(String path, String body) throws Exception {
    return change(path, body).getJsonObject("traffic");
  }

  private static String status(JsonObject model, int version) {
    return model.getJsonArray("versions").getJsonObject(version).getString("status");
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
    assertThat(json.fieldNames()).containsExactly("error", "code");
  }
}
