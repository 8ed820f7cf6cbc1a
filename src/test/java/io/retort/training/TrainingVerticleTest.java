package io.retort.training;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingVerticleTest {
  private static final int ENDLESS = 100_000;

  @TempDir static Path data;
  @TempDir Path home;

  @BeforeAll
  static void write() throws Exception {
    SmallJob.data(data, 1000, 200);
  }

  @Test
  void submit_smallJob_trainsDistilsGoesLiveAndAnswers() throws Exception {
    try (TrialNode node = start(Map.of(), "inference", "training", "cache", "http")) {
      assertThat(node.get("/health/ready").statusCode()).isEqualTo(503);
      HttpResponse<String> accepted = node.post("/v1/jobs", SmallJob.recipe(2).encode());
      assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(201);
      String place = accepted.headers().firstValue("location").orElseThrow();

      JsonObject job = await(node, place, "done");

      assertThat(job.getJsonArray("models").size()).isEqualTo(2);
      assertThat(job.getJsonObject("progress").getString("phase")).isEqualTo("done");
      assertThat(job.getJsonObject("progress").getDouble("accuracy")).isBetween(0.3, 1.0);
      node.awaitLive("student", "1");
      node.awaitLive("teacher", "1");
      assertThat(node.get("/health/ready").statusCode()).isEqualTo(200);
      assertThat(node.post("/predict", body(digit(1))).statusCode()).isEqualTo(200);
      JsonArray frames =
          new JsonObject(node.get(place + "/progress").body()).getJsonArray("frames");
      assertThat(frames.stream().map(f -> ((JsonObject) f).getString("phase")))
          .containsSubsequence("teacher", "distill", "done");
      assertThat(new JsonObject(node.get("/v1/jobs").body()).getJsonArray("jobs").size())
          .isEqualTo(1);
    }
  }

  @Test
  void predict_whileAJobTrains_isAnsweredAndTheNewVersionTakesOver() throws Exception {
    TrialNode.putLive(home, "student", io.retort.nn.Architecture.named("student"), 1);
    try (TrialNode node = start(Map.of(), "inference", "training", "cache", "http")) {
      node.awaitLive("student", "1");
      String place = submit(node, 4);
      int answers = 0;
      String version = "1";
      for (int i = 0; !version.equals("2") && i < 100_000; i++) {
        HttpResponse<String> answer = node.post("/predict", body(digit(i)));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        version = new JsonObject(answer.body()).getString("version");
        answers++;
      }
      assertThat(version).isEqualTo("2");
      assertThat(answers).isGreaterThan(2);
      await(node, place, "done");
    }
  }

  @Test
  void cancel_runningAndQueued_stopsBothAndTheNodeGoesOn() throws Exception {
    try (TrialNode node = start(Map.of(), "training", "http")) {
      String running = submit(node, ENDLESS);
      String queued = submit(node, ENDLESS);
      await(node, running, "running");

      assertThat(delete(node, queued).body()).contains("\"status\":\"cancelled\"");
      HttpResponse<String> cancelled = delete(node, running);

      assertThat(cancelled.statusCode()).isEqualTo(200);
      assertThat(cancelled.body()).contains("\"status\":\"cancelled\"");
      requireError(delete(node, running), 409, "job_finished", "it is cancelled");
      await(node, submit(node, 1), "done");
    }
  }

  @Test
  void start_afterAStopInTheMiddle_takesTheJobsUpAgain() throws Exception {
    String running;
    String queued;
    long sequence;
    try (TrialNode node = start(Map.of(), "training", "http")) {
      running = submit(node, 40);
      queued = submit(node, 1);
      awaitPhase(node, running, "distill");
      sequence = progress(node, running).getLong("sequence");
    }
    try (TrialNode node = start(Map.of(), "training", "http")) {
      JsonObject job = await(node, running, "done");
      await(node, queued, "done");

      assertThat(job.getJsonObject("progress").getLong("sequence")).isGreaterThan(sequence);
      JsonArray frames =
          new JsonObject(node.get(running + "/progress").body()).getJsonArray("frames");
      assertThat(frames.stream().map(f -> ((JsonObject) f).getLong("sequence")))
          .isSorted()
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void start_autoStartAndNoStudent_runsTheRecipeOnce() throws Exception {
    Path recipe = home.resolve("small.json");
    Files.writeString(recipe, SmallJob.recipe(1).getJsonObject("recipe").encode());
    Map<String, Object> flags =
        Map.of("training.autoStart", true, "training.recipe", recipe.toString());
    try (TrialNode node = start(flags, "inference", "training", "http")) {
      node.awaitLive("student", "1");
    }
    try (TrialNode node = start(flags, "inference", "training", "http")) {
      node.awaitLive("student", "1");
      assertThat(new JsonObject(node.get("/v1/jobs").body()).getJsonArray("jobs").size())
          .isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          not json                         | invalid_json    | must be JSON
          []                               | invalid_json    | must be a JSON object
          {"epocs":3}                      | invalid_request | epocs is not known
          {"epochs":"x"}                   | invalid_request | epochs must be a number
          {"recipe":7}                     | invalid_request | recipe must be a name or an object
          {"recipe":"mnits"}               | invalid_recipe  | did you mean mnist?
          {"recipe":"../secret.json"}      | invalid_recipe  | there is no recipe
          {"epochs":1.5}                   | invalid_recipe  | epochs must be a whole number
          {"recipe":{"name":"x"}}          | invalid_recipe  | must have at least one phase
          {"recipe":{"nam":"x"}}           | invalid_recipe  | name
          """)
  void submit_badRequest_isAClearError(String body, String code, String sentence) throws Exception {
    try (TrialNode node = start(Map.of(), "training", "http")) {
      requireError(node.post("/v1/jobs", body), 400, code, sentence);
      assertThat(new JsonObject(node.get("/v1/jobs").body()).getJsonArray("jobs").size()).isZero();
    }
  }

  @Test
  void jobs_unknownId_is404() throws Exception {
    try (TrialNode node = start(Map.of(), "training", "http")) {
      requireError(node.get("/v1/jobs/nobody"), 404, "unknown_job", "there is no job nobody");
      requireError(delete(node, "/v1/jobs/nobody"), 404, "unknown_job", "nobody");
      requireError(node.get("/v1/jobs/nobody/progress"), 404, "unknown_job", "nobody");
    }
  }

  @Test
  void submit_dataMissing_failsTheJobWithoutAPathInTheAnswer() throws Exception {
    Map<String, Object> flags =
        Map.of("training.dataDirectory", home.resolve("nothing").toString());
    try (TrialNode node = start(flags, "training", "http")) {
      JsonObject job = await(node, submit(node, 1), "failed");

      assertThat(job.getString("error")).contains("the data directory must be there: nothing");
      assertThat(job.encode()).doesNotContain(home.toString());
    }
  }

  @Test
  void submit_moreThanMayWait_isRefused() throws Exception {
    try (TrialNode node = start(Map.of("training.maxQueuedJobs", 1), "training", "http")) {
      await(node, submit(node, ENDLESS), "running");
      submit(node, ENDLESS);

      HttpResponse<String> third = node.post("/v1/jobs", SmallJob.recipe(1).encode());

      requireError(third, 429, "queue_full", "1 jobs wait already");
      assertThat(third.headers().firstValue("retry-after")).isPresent();
    }
  }

  @Test
  void start_modelsDirectoryOfAnotherNode_isRefused() throws Exception {
    try (TrialNode first = start(Map.of(), "training")) {
      assertThat(first.home()).isEqualTo(home);
      assertThatThrownBy(
              () -> start(Map.of("training.jobsDirectory", home + "/others"), "training"))
          .hasMessageContaining("[models]");
    }
  }

  @Test
  void start_unwritableDirectories_areRefusedByName() throws Exception {
    Path file = Files.writeString(home.resolve("file"), "x");
    assertThatThrownBy(() -> start(Map.of("training.modelsDirectory", file.toString()), "training"))
        .hasMessageContaining("[models] the models directory must be a directory");
    assertThatThrownBy(() -> start(Map.of("training.jobsDirectory", file.toString()), "training"))
        .hasMessageContaining("[training] the jobs directory must be writable: " + file);
  }

  private TrialNode start(Map<String, Object> flags, String... parts) {
    Map<String, Object> all = new HashMap<>(flags);
    all.putIfAbsent("training.dataDirectory", data.toString());
    return TrialNode.start(home, all, parts);
  }

  private static String submit(TrialNode node, int epochs) throws Exception {
    HttpResponse<String> accepted = node.post("/v1/jobs", SmallJob.recipe(epochs).encode());
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(201);
    return accepted.headers().firstValue("location").orElseThrow();
  }

  private static HttpResponse<String> delete(TrialNode node, String place) throws Exception {
    return node.send(HttpRequest.newBuilder(node.uri(place)).DELETE());
  }

  private static JsonObject await(TrialNode node, String place, String status) throws Exception {
    JsonObject job = null;
    for (int i = 0; i < 1200; i++) {
      job = new JsonObject(node.get(place).body());
      if (status.equals(job.getString("status"))) {
        return job;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(job + " is not " + status + " after 60 s");
  }

  private static void awaitPhase(TrialNode node, String place, String phase) throws Exception {
    for (int i = 0; i < 1200; i++) {
      JsonObject progress = progress(node, place);
      if (progress != null && phase.equals(progress.getString("phase"))) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError(place + " is not in phase " + phase + " after 24 s");
  }

  private static JsonObject progress(TrialNode node, String place) throws Exception {
    return new JsonObject(node.get(place).body()).getJsonObject("progress");
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).as(answer.body()).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
  }
}
