package io.retort.inference;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.LiveModel;
import io.retort.bus.ModelLabel;
import io.retort.bus.ModelName;
import io.retort.bus.ModelSplit;
import io.retort.bus.ModelState;
import io.retort.bus.ModelStatistics;
import io.retort.bus.ModelVersion;
import io.retort.bus.Nothing;
import io.retort.bus.PredictRequest;
import io.retort.bus.Traffic;
import io.retort.bus.VersionState;
import io.retort.bus.VersionState.Status;
import io.retort.device.Memory;
import io.retort.model.ModelStore;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelControlTest {
  private static final Architecture SMALL = Architecture.mlp(Shape.of(784), 16, 10);

  @TempDir Path home;

  private TrialNode node;
  private final BlockingQueue<LiveModel> served = new LinkedBlockingQueue<>();
  private final BlockingQueue<ModelName> retired = new LinkedBlockingQueue<>();

  /** Version 1 of the student is live, 2 and 3 are there. */
  @BeforeEach
  void start() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    TrialNode.put(home, "student", SMALL, 2);
    TrialNode.put(home, "student", SMALL, 3);
    node = TrialNode.start(home, Map.of("inference.storePollMillis", 20), "inference");
    node.awaitLive("student", "1");
    node.bus().listen(Addresses.MODEL_SERVED, served::add);
    node.bus().listen(Addresses.MODEL_RETIRED, retired::add);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private <Q, R> R ask(Address<Q, R> address, Q question) {
    return await(node.bus().request(address, question));
  }

  private <Q> void assertRefused(Address<Q, ?> address, Q question, Failure failure, String word) {
    assertThatThrownBy(() -> ask(address, question))
        .isInstanceOfSatisfying(
            FailureException.class,
            e -> {
              assertThat(e.failure()).as(e.getMessage()).isEqualTo(failure);
              assertThat(e.getMessage()).contains(word);
            });
  }

  private static ModelVersion student(String version) {
    return new ModelVersion("student", version);
  }

  private String answering(String named, String affinity) {
    PredictRequest request =
        new PredictRequest("student", named, 1, digit(1), 0, affinity, () -> false);
    return ask(Addresses.PREDICT, request).version();
  }

  private Map<String, Status> statuses() {
    Map<String, Status> statuses = new HashMap<>();
    state().versions().forEach(version -> statuses.put(version.version(), version.status()));
    return statuses;
  }

  private ModelState state() {
    return ask(Addresses.MODELS_LIST, new ModelName("student")).models().get(0);
  }

  private LiveModel news() throws InterruptedException {
    return served.poll(20, TimeUnit.SECONDS);
  }

  @Test
  void list_ofTheStore_tellsEveryVersion() throws Exception {
    TrialNode.put(home, "teacher", SMALL, 4);
    Files.delete(home.resolve("models/student/3/model.json"));
    List<ModelState> models = ask(Addresses.MODELS_LIST, new ModelName(null)).models();

    assertThat(models).extracting(ModelState::model).containsExactly("student", "teacher");
    assertThat(models.get(1).live()).isNull();
    assertThat(models.get(1).traffic()).isNull();
    ModelState student = models.get(0);
    assertThat(student.live()).isEqualTo("1");
    assertThat(student.traffic()).isEqualTo(Traffic.all("1"));
    assertThat(student.versions())
        .extracting(VersionState::status)
        .containsExactly(Status.READY, Status.UNLOADED, Status.FAILED);
    VersionState first = student.versions().get(0);
    assertThat(first.parameters()).isEqualTo(784 * 16 + 16 + 16 * 10 + 10);
    assertThat(first.bytes()).isGreaterThan(4 * first.parameters());
    assertThat(first.rowMicros()).isPositive();
    assertThat(first.metrics()).containsEntry("accuracy", 0.1);
    assertThat(student.versions().get(2).reason()).doesNotContain(home.toString());
  }

  @Test
  void load_version_answersWhoeverNamesItAlone() throws Exception {
    assertRefused(Addresses.PREDICT, request("2"), Failure.UNKNOWN_VERSION, "2 of student");
    assertThat(ask(Addresses.MODELS_LOAD, student("2")).traffic().loaded())
        .containsExactly("1", "2");
    assertThat(news().traffic().loaded()).containsExactly("1", "2");
    assertThat(answering("2", null)).isEqualTo("2");
    assertThat(answering(null, null)).isEqualTo("1");
    assertThat(ask(Addresses.MODELS_UNLOAD, student("2")).traffic().loaded()).containsExactly("1");
    assertThat(statuses()).containsEntry("2", Status.UNLOADED);
    assertRefused(Addresses.PREDICT, request("2"), Failure.UNKNOWN_VERSION, "did you mean 1?");
  }

  private static PredictRequest request(String version) {
    return new PredictRequest("student", version, 1, digit(1), 0);
  }

  @Test
  void unload_wholeModel_answersNoMoreUntilItIsLoaded() throws Exception {
    long before = Memory.allocatedBytes();
    ask(Addresses.MODELS_LOAD, student("3"));
    ModelState state = ask(Addresses.MODELS_UNLOAD, student(null));
    assertThat(state.traffic()).isNull();
    assertThat(Memory.allocatedBytes()).isLessThan(before);
    assertThat(retired.poll(20, TimeUnit.SECONDS)).isEqualTo(new ModelName("student"));
    assertThat(ask(Addresses.MODELS_LIVE, Nothing.NOTHING).models()).isEmpty();
    assertRefused(Addresses.PREDICT, request(null), Failure.NOT_READY, "student");

    assertThat(ask(Addresses.MODELS_LOAD, student(null)).traffic()).isEqualTo(Traffic.all("1"));
    assertThat(answering(null, null)).isEqualTo("1");
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void promoteAndRollBack_answerWhenTheySaySo() throws Exception {
    ModelState promoted = ask(Addresses.MODELS_PROMOTE, student("2"));
    assertThat(answering(null, null)).isEqualTo("2");
    assertThat(promoted.live()).isEqualTo("2");
    assertThat(promoted.previous()).isEqualTo("1");
    assertThat(promoted.traffic()).isEqualTo(Traffic.all("2"));
    assertThat(news().version()).isEqualTo("2");

    ModelState back = ask(Addresses.MODELS_ROLLBACK, new ModelName("student"));
    assertThat(answering(null, null)).isEqualTo("1");
    assertThat(back.live()).isEqualTo("1");
    assertThat(back.previous()).isEqualTo("2");
    assertThat(news().version()).isEqualTo("1");
  }

  @Test
  void promote_brokenVersion_isRefusedAndTheLiveOneStays() throws Exception {
    Files.write(home.resolve("models/student/2/model.safetensors"), new byte[] {1, 2, 3});
    assertRefused(Addresses.MODELS_PROMOTE, student("2"), Failure.MODEL_ERROR, "version 2");
    assertThat(answering(null, null)).isEqualTo("1");
    assertThat(state().live()).isEqualTo("1");
    assertThat(state().versions().get(1).status()).isEqualTo(Status.FAILED);
    assertThat(state().versions().get(1).reason()).contains("could not be loaded");
  }

  @Test
  void split_percents_shareTheRequestsAndStickToAnAffinity() throws Exception {
    ask(Addresses.MODELS_SPLIT, new ModelSplit("student", Map.of("1", 50, "2", 50)));
    assertThat(news().traffic().percent()).isEqualTo(Map.of("1", 50, "2", 50));
    Map<String, Integer> counts = new HashMap<>();
    for (int user = 0; user < 200; user++) {
      String version = answering(null, "user-" + user);
      assertThat(answering(null, "user-" + user)).isEqualTo(version);
      counts.merge(version, 1, Integer::sum);
    }
    assertThat(counts.keySet()).containsExactlyInAnyOrder("1", "2");
    assertThat(counts.get("1")).isBetween(60, 140);

    assertRefused(Addresses.MODELS_UNLOAD, student("2"), Failure.MODEL_IN_USE, "shares {1=50");
    ask(Addresses.MODELS_PROMOTE, student("2"));
    assertThat(state().traffic().percent()).isEqualTo(Map.of("2", 100));
  }

  @Test
  void split_thatCannotBe_isRefused() {
    refuseSplit(Map.of("1", 50, "2", 49), Failure.INVALID_TRAFFIC, "sum 100: 99");
    refuseSplit(Map.of("1", 0, "2", 100), Failure.INVALID_TRAFFIC, "version 1 must be 1 to 100: 0");
    refuseSplit(Map.of("1", -1, "2", 101), Failure.INVALID_TRAFFIC, "must be 1 to 100");
    refuseSplit(Map.of(), Failure.INVALID_TRAFFIC, "sum 100: 0");
    refuseSplit(Map.of("1", 50, "7", 50), Failure.UNKNOWN_VERSION, "7; did you mean");
    TrialNode.put(home, "student", Architecture.mlp(Shape.of(9), 16, 10), 5);
    refuseSplit(Map.of("1", 50, "4", 50), Failure.INVALID_TRAFFIC, "rows of 784 numbers");
    assertThat(state().traffic()).isEqualTo(Traffic.all("1"));
  }

  private void refuseSplit(Map<String, Integer> percent, Failure failure, String word) {
    assertRefused(Addresses.MODELS_SPLIT, new ModelSplit("student", percent), failure, word);
  }

  @Test
  void label_aWord_standsForItsVersionUntilItIsTakenAway() {
    ask(Addresses.MODELS_LABEL, new ModelLabel("student", "canary", "3"));
    assertThat(answering("canary", null)).isEqualTo("3");
    assertThat(answering("3", null)).isEqualTo("3");
    assertRefused(Addresses.MODELS_UNLOAD, student("3"), Failure.MODEL_IN_USE, "canary=3");
    ask(Addresses.MODELS_LABEL, new ModelLabel("student", "canary", "2"));
    assertThat(answering("canary", null)).isEqualTo("2");
    ask(Addresses.MODELS_LABEL, new ModelLabel("student", "canary", null));
    assertRefused(Addresses.PREDICT, request("canary"), Failure.UNKNOWN_VERSION, "canary");
    for (String label : new String[] {"live", "7", "A", "../1"}) {
      assertRefused(
          Addresses.MODELS_LABEL,
          new ModelLabel("student", label, "1"),
          Failure.INVALID_TRAFFIC,
          "a label must");
    }
  }

  @Test
  void everyChange_ofWhatIsNotThere_namesTheNearest() {
    assertRefused(
        Addresses.MODELS_LIST, new ModelName("studnet"), Failure.UNKNOWN_MODEL, "mean student?");
    ModelVersion misspelled = new ModelVersion("studnet", "1");
    for (Address<ModelVersion, ModelState> address :
        List.of(Addresses.MODELS_LOAD, Addresses.MODELS_UNLOAD, Addresses.MODELS_PROMOTE)) {
      assertRefused(address, misspelled, Failure.UNKNOWN_MODEL, "did you mean student?");
      assertRefused(address, student("33"), Failure.UNKNOWN_VERSION, "did you mean 3?");
      assertRefused(
          address, new ModelVersion("../student", "1"), Failure.UNKNOWN_MODEL, "../student");
      assertRefused(address, new ModelVersion(null, "1"), Failure.INVALID_REQUEST, "missing");
    }
    assertRefused(
        Addresses.MODELS_STATISTICS, new ModelName("x"), Failure.UNKNOWN_MODEL, "no model x");
    assertRefused(
        Addresses.MODELS_COMPARISON, new ModelName("x"), Failure.UNKNOWN_MODEL, "no model x");
    assertRefused(
        Addresses.MODELS_ROLLBACK,
        new ModelName("student"),
        Failure.INVALID_TRAFFIC,
        "no version to go back to");
    TrialNode.put(home, "teacher", SMALL, 4);
    assertRefused(
        Addresses.MODELS_LOAD,
        new ModelVersion("teacher", null),
        Failure.INVALID_TRAFFIC,
        "must be promoted first");
    assertRefused(
        Addresses.PREDICT,
        new PredictRequest("studemt", null, 1, digit(1), 0),
        Failure.UNKNOWN_MODEL,
        "did you mean student?");
  }

  @Test
  void load_modelThatWasNeverLive_answersByItsVersionAlone() {
    TrialNode.put(home, "teacher", SMALL, 4);
    ask(Addresses.MODELS_LOAD, new ModelVersion("teacher", "1"));
    PredictRequest named = new PredictRequest("teacher", "1", 1, digit(1), 0);
    assertThat(ask(Addresses.PREDICT, named).version()).isEqualTo("1");
    assertRefused(
        Addresses.PREDICT, named.to("teacher", null), Failure.NOT_READY, "was promoted yet");
    assertThat(ask(Addresses.MODELS_LIVE, Nothing.NOTHING).models()).hasSize(1);
  }

  @Test
  void liveFile_writtenByAnotherProcess_isFollowed() throws Exception {
    try (ModelStore other = ModelStore.open(home.resolve("models"))) {
      other.promote("student", "2");
      node.awaitLive("student", "2");
      other.changeLive("student", live -> live.shared(Map.of("2", 10, "3", 90)));
      LiveModel news = news();
      while (news.traffic().percent().size() != 2) {
        news = news();
      }
      assertThat(answering("3", null)).isEqualTo("3");
      Files.write(home.resolve("models/student/1/model.safetensors"), new byte[] {1});
      ModelStore.readOnly(home.resolve("models"))
          .changeLive("student", live -> live.promoted("1").labelled("late", "2"));
      for (int i = 0; i < 400 && !statuses().get("1").equals(Status.FAILED); i++) {
        Thread.sleep(25);
      }
      assertThat(statuses()).containsEntry("1", Status.FAILED);
      assertThat(state().traffic().percent()).isEqualTo(Map.of("2", 10, "3", 90));
    }
  }

  @Test
  void statistics_ofWhatWasAsked_countIt() {
    ask(Addresses.MODELS_LOAD, student("2"));
    for (int i = 0; i < 5; i++) {
      ask(Addresses.PREDICT, request("2"));
    }
    ModelStatistics statistics = ask(Addresses.MODELS_STATISTICS, new ModelName("student"));
    assertThat(statistics.versions()).extracting("version").containsExactly("1", "2");
    var second = statistics.versions().get(1);
    assertThat(second.rows()).isEqualTo(5);
    assertThat(second.answered().count()).isEqualTo(5);
    assertThat(second.answered().nanos())
        .isGreaterThanOrEqualTo(second.queued().nanos() + second.computed().nanos());
    assertThat(second.computed().nanos()).isPositive();
    assertThat(second.lastMillis()).isPositive();
    assertThat(statistics.versions().get(0).lastMillis()).isZero();
    assertThat(ask(Addresses.MODELS_STATISTICS, new ModelName(null)).versions()).hasSize(2);
  }
}
