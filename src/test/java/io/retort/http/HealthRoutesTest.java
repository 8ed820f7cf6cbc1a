package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthRoutesTest {
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
  void health_modelLive_isOkWithItsParts() throws Exception {
    JsonObject health = new JsonObject(node.get("/health").body());

    assertThat(health.getString("status")).isEqualTo("ok");
    assertThat(health.getBoolean("model_loaded")).isTrue();
    JsonObject parts = health.getJsonObject("parts");
    assertThat(parts.getJsonObject("cache").getString("status")).isEqualTo("up");
    assertThat(parts.getJsonObject("training").getString("status")).isEqualTo("absent");
    assertThat(parts.getJsonObject("inference").getJsonArray("models").size()).isEqualTo(2);
    assertThat(node.get("/health/live").statusCode()).isEqualTo(200);
    assertThat(node.get("/health/ready").statusCode()).isEqualTo(200);
  }

  @Test
  void jobs_noTrainingHere_is503() throws Exception {
    requireError(node.get("/v1/jobs"), 503, "unavailable", "no training part");
  }

  @Test
  void start_portInUse_namesThePlace() {
    Map<String, Object> flags = Map.of("http.port", node.port());

    assertThatThrownBy(() -> TrialNode.start(home, flags, "http"))
        .hasMessageContaining("[http] 127.0.0.1:" + node.port() + " must be free to listen on");
  }

  @Test
  void start_noModelYet_livesButIsNotReady(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "inference", "cache", "http")) {
      assertThat(alone.get("/health/live").statusCode()).isEqualTo(200);
      requireError(alone.get("/health/ready"), 503, "not_ready", "no model answers yet");
      requireError(alone.post("/predict", body(digit(1))), 503, "not_ready", "student");
      assertThat(new JsonObject(alone.get("/health").body()).getBoolean("model_loaded")).isFalse();
    }
  }

  @Test
  void start_httpAlone_isNotReady(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http")) {
      requireError(
          alone.post("/predict", body(digit(1))), 503, "not_ready", "no model answers yet");
      requireError(alone.get("/health/ready"), 503, "not_ready", "no model answers yet");
    }
  }

  @Test
  void start_withoutCache_asksTheModel() throws Exception {
    try (TrialNode bare = TrialNode.start(home, Map.of(), "inference", "http")) {
      bare.awaitLive("student", "1");
      for (int i = 0; i < 2; i++) {
        JsonObject answer = new JsonObject(bare.post("/predict", body(digit(1))).body());
        assertThat(answer.getString("source")).isEqualTo("model");
      }
    }
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
