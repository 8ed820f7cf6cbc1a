package io.retort.inference;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.device.Memory;
import io.retort.model.ModelCard;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InferenceVerticleTest {
  private static final Architecture SMALL = Architecture.mlp(Shape.of(784), 16, 10);

  @TempDir Path home;

  @ParameterizedTest
  @ValueSource(strings = {"eventLoop", "lane", "auto"})
  void predict_manyAtOnce_eachGetsItsOwnAnswer(String compute) throws Exception {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    try (TrialNode node = start(Map.of("inference.compute", compute))) {
      List<float[]> alone = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        alone.add(ask(node, PredictRequest.of(digit(i))).predictions());
      }
      List<Future<PredictReply>> together = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        together.add(node.bus().request(Addresses.PREDICT, rows(i, 1 + i % 5)));
      }
      for (int i = 0; i < 300; i++) {
        float[] predictions = await(together.get(i)).predictions();
        for (int row = 0; row < 1 + i % 5; row++) {
          float[] expected = alone.get((i + row) % 300);
          for (int c = 0; c < 10; c++) {
            assertThat(predictions[row * 10 + c])
                .as("request %d row %d", i, row)
                .isCloseTo(expected[c], org.assertj.core.data.Offset.offset(1e-6f));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"eventLoop", "lane"})
  void promoted_underLoad_losesNoRequestAndFreesTheOldVersion(String compute) throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    try (TrialNode node = start(Map.of("inference.compute", compute))) {
      AtomicBoolean enough = new AtomicBoolean();
      CountDownLatch answered = new CountDownLatch(1);
      CompletableFuture<TreeSet<Integer>> versions = keepAsking(node, answered, enough);
      assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
      long bytes = Memory.allocatedBytes();
      for (int version = 2; version <= 12; version++) {
        ModelCard card = TrialNode.putLive(home, "student", SMALL, version);
        node.announcePromoted(card);
        node.awaitLive("student", card.version());
      }
      enough.set(true);

      assertThat(versions.join()).contains(1, 12).hasSizeGreaterThan(3);
      for (int i = 0; i < 100 && Memory.allocatedBytes() != bytes; i++) {
        Thread.sleep(20);
      }
      assertThat(Memory.allocatedBytes()).isEqualTo(bytes);
    }
  }

  /** Asks without a pause, and once more after {@code enough}; any failure fails the future. */
  private static CompletableFuture<TreeSet<Integer>> keepAsking(
      TrialNode node, CountDownLatch answered, AtomicBoolean enough) {
    return CompletableFuture.supplyAsync(
        () -> {
          TreeSet<Integer> seen = new TreeSet<>();
          boolean last = false;
          while (!last) {
            last = enough.get();
            List<Future<PredictReply>> replies = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
              replies.add(node.bus().request(Addresses.PREDICT, PredictRequest.of(digit(i))));
            }
            replies.forEach(reply -> seen.add(Integer.parseInt(await(reply).version())));
            answered.countDown();
          }
          return seen;
        });
  }

  @Test
  void predict_strangersVerticle_getsPredictionsByJson() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    try (TrialNode node = start(Map.of())) {
      CompletableFuture<JsonObject> answer = new CompletableFuture<>();
      await(
          node.vertx()
              .deployVerticle(
                  new VerticleBase() {
                    @Override
                    public Future<?> start() {
                      JsonArray features = new JsonArray();
                      for (float value : digit(4)) {
                        features.add(value);
                      }
                      return vertx
                          .eventBus()
                          .<JsonObject>request(
                              "retort.predict",
                              new JsonObject().put("model", "student").put("features", features))
                          .onSuccess(message -> answer.complete(message.body()));
                    }
                  }));

      float[] expected = ask(node, PredictRequest.of(digit(4))).predictions();
      JsonArray row = answer.join().getJsonArray("prediction").getJsonArray(0);
      for (int c = 0; c < 10; c++) {
        assertThat(row.getFloat(c)).isEqualTo(expected[c]);
      }
    }
  }

  @Test
  void predict_moreThanMayWait_isRefusedAtOnce() throws Exception {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    Map<String, Object> flags = Map.of("inference.maxQueuedRows", 8, "inference.compute", "lane");
    try (TrialNode node = start(flags)) {
      List<Future<PredictReply>> replies = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        replies.add(node.bus().request(Addresses.PREDICT, rows(i, 4)));
      }
      int refused = 0;
      for (Future<PredictReply> reply : replies) {
        try {
          await(reply);
        } catch (FailureException e) {
          assertThat(e.failure()).isEqualTo(Failure.QUEUE_FULL);
          refused++;
        }
      }
      assertThat(refused).isBetween(1, 399);
      assertThat(ask(node, PredictRequest.of(digit(1))).rows()).isEqualTo(1);
    }
  }

  @Test
  void predict_deadlinePassedInTheQueue_is504AndNotComputed() throws Exception {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    try (TrialNode node = start(Map.of("inference.compute", "lane", "vertx.eventLoops", 1))) {
      List<Future<PredictReply>> before = new ArrayList<>();
      Promise<PredictReply> late = Promise.promise();
      // In one turn of the only event loop: the last one comes before the first is computed.
      node.vertx()
          .runOnContext(
              turn -> {
                for (int i = 0; i < 4; i++) {
                  before.add(node.bus().request(Addresses.PREDICT, rows(i, 1000)));
                }
                node.bus()
                    .request(Addresses.PREDICT, new PredictRequest(null, null, 1, digit(1), 1))
                    .onComplete(late);
              });

      assertThatThrownBy(() -> await(late.future()))
          .isInstanceOfSatisfying(
              FailureException.class,
              e -> assertThat(e.failure()).isEqualTo(Failure.DEADLINE_EXCEEDED));
      for (Future<PredictReply> reply : before) {
        assertThat(await(reply).rows()).isEqualTo(1000);
      }
    }
  }

  @Test
  void predict_modelOfNotANumber_is500AndTheNodeLives() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    try (TrialNode node = start(Map.of())) {
      float[] features = digit(1);
      features[0] = Float.NaN;

      assertThatThrownBy(() -> ask(node, PredictRequest.of(features)))
          .isInstanceOfSatisfying(
              FailureException.class, e -> assertThat(e.failure()).isEqualTo(Failure.MODEL_ERROR));
      assertThat(ask(node, PredictRequest.of(digit(1))).rows()).isEqualTo(1);
    }
  }

  @Test
  void start_damagedModel_isLeftOutAndTheOthersServe() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    TrialNode.putLive(home, "broken", SMALL, 1);
    Path weights = home.resolve("models/broken/1/model.safetensors");
    java.nio.file.Files.write(weights, new byte[] {1, 2, 3});
    try (TrialNode node = start(Map.of())) {
      assertThat(ask(node, PredictRequest.of(digit(1))).model()).isEqualTo("student");
    }
  }

  @Test
  void stop_whileAnswering_answersWhatItAccepted() throws Exception {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    long before = Memory.allocatedBytes();
    List<Future<PredictReply>> replies = new ArrayList<>();
    try (TrialNode node = start(Map.of("inference.compute", "lane"))) {
      for (int i = 0; i < 50; i++) {
        replies.add(node.bus().request(Addresses.PREDICT, rows(i, 20)));
      }
      await(replies.get(0));
    }
    for (Future<PredictReply> reply : replies) {
      assertThat(reply.isComplete()).isTrue();
      assertThat(reply.succeeded()).as(String.valueOf(reply.cause())).isTrue();
    }
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  private TrialNode start(Map<String, Object> flags) throws InterruptedException {
    TrialNode node = TrialNode.start(home, flags, "inference");
    node.awaitLive("student", "1");
    return node;
  }

  private static PredictReply ask(TrialNode node, PredictRequest request) {
    return await(node.bus().request(Addresses.PREDICT, request));
  }

  private static PredictRequest rows(int first, int count) {
    float[] features = new float[784 * count];
    for (int row = 0; row < count; row++) {
      System.arraycopy(digit((first + row) % 300), 0, features, 784 * row, 784);
    }
    return new PredictRequest(null, null, count, features, 0);
  }
}
