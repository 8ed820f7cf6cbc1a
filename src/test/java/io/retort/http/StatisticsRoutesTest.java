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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsRoutesTest {
  @TempDir Path home;

  @Test
  void statistics_afterTwoRequests_countThem() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(4), 3, 2), 1);
    TrialNode.putLive(home, "teacher", Architecture.mlp(Shape.of(4), 8, 2), 1);
    try (TrialNode node = TrialNode.start(home, Map.of(), "inference", "http")) {
      node.awaitLive("student", "1");
      node.awaitLive("teacher", "1");
      node.post("/v2/models/student/infer", ModelRoutesTest.INFER);
      node.post(
          "/v2/models/student/infer",
          ModelRoutesTest.INFER
              .replace("[1,4]", "[2,4]")
              .replace("[1,2,3,4]", "[1,2,3,4,5,6,7,8]"));

      assertThat(versions(node.get("/v2/models/stats"))).hasSize(2);
      JsonArray of = versions(node.get("/v2/models/student/stats"));
      assertThat(of).isEqualTo(versions(node.get("/v2/models/student/versions/1/stats")));
      JsonObject student = of.getJsonObject(0);

      assertThat(of).hasSize(1);
      assertThat(student.getString("name")).isEqualTo("student");
      assertThat(student.getString("version")).isEqualTo("1");
      assertThat(student.getLong("inference_count")).isEqualTo(3);
      assertThat(student.getLong("execution_count")).isEqualTo(2);
      assertThat(student.getLong("last_inference")).isPositive();
      JsonObject times = student.getJsonObject("inference_stats");
      assertThat(times.fieldNames())
          .containsExactlyInAnyOrder(
              "success",
              "fail",
              "queue",
              "compute_input",
              "compute_infer",
              "compute_output",
              "cache_hit");
      assertThat(times.getJsonObject("success").getLong("count")).isEqualTo(2);
      assertThat(times.getJsonObject("success").getLong("ns")).isPositive();
      assertThat(times.getJsonObject("fail").getLong("count")).isZero();
      JsonObject two = student.getJsonArray("batch_stats").getJsonObject(1);
      assertThat(two.getInteger("batch_size")).isEqualTo(2);
      assertThat(two.getJsonObject("compute_infer").getLong("count")).isEqualTo(1);
      assertThat(node.get("/v2/models/nobody/stats").statusCode()).isEqualTo(404);
      assertThat(node.get("/v2/models/student/versions/9/stats").statusCode()).isEqualTo(404);
    }
  }

  private static JsonArray versions(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new JsonObject(answer.body()).getJsonArray("model_stats");
  }
}
