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

class RepositoryRoutesTest {
  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(4), 3, 2), 1);
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(4), 3, 2), 2);
    TrialNode.putLive(home, "teacher", Architecture.mlp(Shape.of(4), 8, 2), 1);
    node = TrialNode.start(home, Map.of(), "inference", "http");
    node.awaitLive("student", "2");
    node.awaitLive("teacher", "1");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void index_store_hasEveryVersionAndItsState() throws Exception {
    JsonArray all = new JsonArray(answer(node.post("/v2/repository/index", "")));

    assertThat(all)
        .contains(
            entry("student", "1", "UNAVAILABLE", "unloaded"), entry("student", "2", "READY", ""));
    assertThat(new JsonArray(answer(node.post("/v2/repository/index", "{\"ready\":true}"))))
        .contains(entry("student", "2", "READY", ""))
        .doesNotContain(entry("student", "1", "UNAVAILABLE", "unloaded"));
  }

  @Test
  void unloadAndLoad_model_isGoneAndBack() throws Exception {
    assertThat(answer(node.post("/v2/repository/models/teacher/unload", ""))).isEqualTo("{}");
    assertThat(node.get("/v2/models/teacher/ready").statusCode()).isEqualTo(503);
    assertThat(node.get("/v2/models/student/ready").statusCode()).isEqualTo(200);

    assertThat(answer(node.post("/v2/repository/models/teacher/load", "{\"parameters\":{}}")))
        .isEqualTo("{}");
    assertThat(node.get("/v2/models/teacher/ready").statusCode()).isEqualTo(200);
    assertThat(node.post("/v2/models/teacher/infer", ModelRoutesTest.INFER).statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          index                 | {"ready":1}   | 400 | invalid_request | the body.ready must be true or false: 1
          index                 | {"redy":true} | 400 | invalid_request | the body.redy is not known; did you mean ready?
          index                 | [             | 400 | invalid_json    | the body must be JSON
          models/nobody/load    | ''            | 404 | unknown_model   | nobody
          models/nobody/unload  | {}            | 404 | unknown_model   | nobody
          models/..%2Fx/load    | {}            | 404 | unknown_model   | ../x
          models/student/load   | {"parameters":{"config":"{}"}} | 501 | unsupported | no parameter config
          models/student/unload | {"parameters":7} | 400 | invalid_request | the body.parameters must be an object: 7
          """)
  void request_thatCannotBe_isRefused(
      String path, String body, int status, String code, String sentence) throws Exception {
    HttpResponse<String> answer = node.post("/v2/repository/" + path, body);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(new JsonObject(answer.body()).getString("code")).isEqualTo(code);
    assertThat(new JsonObject(answer.body()).getString("error")).contains(sentence);
  }

  private static JsonObject entry(String name, String version, String state, String reason) {
    return new JsonObject()
        .put("name", name)
        .put("version", version)
        .put("state", state)
        .put("reason", reason);
  }

  private static String answer(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }
}
