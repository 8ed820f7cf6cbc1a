package io.retort.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.metrics.Exposition;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingMetersTest {
  @TempDir Path home;

  @Test
  void metrics_whileAJobRunsAndAfter_showItAndThenOnlyItsStatus() throws Exception {
    Path data = SmallJob.data(home.resolve("data"), 1000, 200);
    Map<String, Object> flags =
        Map.of("training.dataDirectory", data.toString(), "training.progressMillis", 0);
    try (TrialNode node = TrialNode.start(home, flags, "http", "training")) {
      assertThat(scrape(node).sum("retort_training_epoch")).isNaN();
      String first = submit(node, 100_000);
      submit(node, 1);

      Exposition running = scrape(node);
      while (Double.isNaN(running.sum("retort_training_loss"))) {
        Thread.sleep(10);
        running = scrape(node);
      }

      assertThat(running.sum("retort_training_jobs", "status=\"running\"")).isEqualTo(1);
      assertThat(running.sum("retort_training_jobs", "status=\"queued\"")).isEqualTo(1);
      assertThat(running.sum("retort_training_loss")).isPositive();
      assertThat(running.sum("retort_training_epoch")).isPositive();

      node.send(java.net.http.HttpRequest.newBuilder(node.uri(first)).DELETE());
      for (int i = 0; i < 600 && done(node) == 0; i++) {
        Thread.sleep(50);
      }
      Exposition after = scrape(node);
      assertThat(after.sum("retort_training_jobs", "status=\"done\"")).isEqualTo(1);
      assertThat(after.sum("retort_training_jobs", "status=\"cancelled\"")).isEqualTo(1);
      assertThat(after.sum("retort_training_jobs")).isEqualTo(2);
      assertThat(after.sum("retort_training_samples_per_second")).isNaN();
    }
  }

  private static double done(TrialNode node) throws Exception {
    return scrape(node).sum("retort_training_jobs", "status=\"done\"");
  }

  private static String submit(TrialNode node, int epochs) throws Exception {
    String answer = node.post("/v1/jobs", SmallJob.recipe(epochs).encode()).body();
    return "/v1/jobs/" + new JsonObject(answer).getString("id");
  }

  private static Exposition scrape(TrialNode node) throws Exception {
    return new Exposition(node.get("/metrics").body());
  }
}
