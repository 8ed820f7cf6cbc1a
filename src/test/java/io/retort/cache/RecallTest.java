package io.retort.cache;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.retort.TrialModel;
import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.CacheState;
import io.retort.bus.Failure;
import io.retort.bus.ModelName;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictReply.Source;
import io.retort.bus.PredictRequest;
import io.retort.bus.Recall;
import io.retort.bus.Recollection;
import io.retort.bus.Traffic;
import io.retort.metrics.Meters;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecallTest {
  private static final Traffic HALVES =
      new Traffic(Map.of("1", 50, "2", 50), Map.of("old", "1"), null, List.of("1", "2"));

  @TempDir Path home;
  private TrialNode node;
  private TrialModel model;

  @BeforeEach
  void start() {
    node = TrialNode.start(home, Map.of(), "cache");
    model = new TrialModel(node.bus());
    model.serve("student", "1", Traffic.all("1"));
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void recall_bodyThatWasAnswered_knowsTheAnswerAndKeepsItsText() throws Exception {
    assertThat(recall("a", null).reply()).isNull();
    learn("a", request(null, 1), 0.5f);

    Recollection known = recall("a", null);

    assertThat(known.reply().predictions()).containsExactly(0.5f);
    assertThat(known.reply().source()).isEqualTo(Source.CACHE);
    Buffer text = known.text(reply -> Buffer.buffer("text"));
    assertThat(recall("a", null).text(reply -> Buffer.buffer("other"))).isSameAs(text);
    assertThat(recall("a ", null).reply()).isNull();
    assertThat(state()).returns(2L, CacheState::bodyHits).returns(2L, CacheState::hits);
  }

  @Test
  void recall_otherBodyOfTheSameInput_isKnownAfterItsFirstAnswer() throws Exception {
    learn("a", request(null, 1), 0.5f);

    assertThat(recall("b", null).reply()).isNull();
    Future<PredictReply> reply =
        node.bus().request(Addresses.CACHE_LEARN, recall("b", null).lesson(request(null, 1)));

    assertThat(await(reply).source()).isEqualTo(Source.CACHE);
    assertThat(recall("b", null).reply().predictions()).containsExactly(0.5f);
  }

  @Test
  void recall_answerFailed_isNotKnown() throws Exception {
    Future<PredictReply> reply =
        node.bus().request(Addresses.CACHE_LEARN, recall("a", null).lesson(request(null, 1)));
    model.next().answer().fail(Failure.MODEL_ERROR.because("no"));
    await(reply.otherwiseEmpty());

    assertThat(recall("a", null).reply()).isNull();
    assertThat(state().bytes()).isZero();
  }

  @Test
  void recall_otherVersionLive_isNotAnsweredByTheOld() throws Exception {
    learn("a", request(null, 1), 0.5f);
    learn("named", request("1", 1), 0.5f);

    model.serve("student", "2", Traffic.all("2"));
    assertThat(recall("a", null).reply()).isNull();
    assertThat(recall("named", null).reply()).isNull();

    model.serve("student", "1", Traffic.all("1"));
    assertThat(recall("a", null).reply()).isNull();
    node.bus().publish(Addresses.MODEL_RETIRED, new ModelName("student"));
    assertThat(recall("a", null).reply()).isNull();
  }

  @Test
  void recall_versionWithoutAShare_answersOnlyWhoNamesIt() throws Exception {
    learn("any", request(null, 1), 0.5f);
    learn("named", request("1", 1), 0.5f);
    learn("label", request("1", 2), 0.75f);

    model.serve(
        "student", "2", new Traffic(Map.of("2", 100), Map.of("old", "1"), null, List.of("1", "2")));

    assertThat(recall("any", null).reply()).isNull();
    assertThat(recall("named", null).reply().version()).isEqualTo("1");
    learn("old", request("old", 3), 0.25f);
    assertThat(recall("old", null).reply().version()).isEqualTo("1");
    model.serve(
        "student", "2", new Traffic(Map.of("2", 100), Map.of("old", "2"), null, List.of("1", "2")));
    assertThat(recall("old", null).reply()).isNull();
  }

  @Test
  void recall_splitTraffic_keepsTheSharesWhateverIsKnown() throws Exception {
    model.serve("student", "1", HALVES);
    int second = 0;
    for (int i = 0; i < 400; i++) {
      String body = "body " + i;
      learnBy(body, request("1", i));
      Recollection recollection = recall(body, null);
      if (recollection.reply() == null) {
        Future<PredictReply> reply =
            node.bus().request(Addresses.CACHE_LEARN, recollection.lesson(request(null, i)));
        TrialModel.Question asked = model.next();
        asked.reply(asked.request().version(), i);
        second += await(reply).version().equals("2") ? 1 : 0;
      }
    }

    assertThat(second).as("of 400 bodies that version 1 had answered").isBetween(140, 260);
  }

  @Test
  void recall_affinity_staysWithOneVersion() throws Exception {
    model.serve("student", "1", HALVES);
    for (int i = 0; i < 20; i++) {
      String affinity = "user-" + i;
      String version = HALVES.version(null, affinity);
      Recollection recollection = recall("a", affinity);
      PredictReply reply = recollection.reply();
      if (reply == null) {
        PredictRequest request =
            new PredictRequest(null, null, 1, new float[] {1, 1, 1, 1}, 0, affinity, () -> false);
        Future<PredictReply> answer =
            node.bus().request(Addresses.CACHE_LEARN, recollection.lesson(request));
        TrialModel.Question asked = model.next();
        asked.reply(asked.request().version(), 1);
        reply = await(answer);
      }
      assertThat(reply.version()).isEqualTo(version);
      assertThat(recall("a", affinity).reply().version()).isEqualTo(version);
    }
  }

  @Test
  void memory_manyAnswersAndBodies_staysWithinItsBytesAndCountsThem() throws Exception {
    node.close();
    node =
        TrialNode.start(
            home,
            Map.of("cache.maxBytes", 40_000, "cache.maxEntries", 1000, "cache.bodyEntries", 1000),
            "cache");
    model = new TrialModel(node.bus());
    model.serve("student", "1", Traffic.all("1"));
    for (int i = 0; i < 300; i++) {
      learn("body " + i, request(null, i), i);
    }
    CacheState full = state();

    assertThat(full.bytes()).isBetween(20_000L, 40_000L);
    assertThat(full.entries()).isBetween(50L, 75L);
    node.bus().publish(Addresses.MODEL_RETIRED, new ModelName("student"));
    assertThat(state()).returns(0L, CacheState::entries);
    assertThat(state().bytes()).isLessThanOrEqualTo(10_000);
  }

  @Test
  void meters_afterHitsAndMisses_countThem() throws Exception {
    learn("a", request(null, 1), 0.5f);
    recall("a", null);
    recall("a", null);
    learn("b", request(null, 1), 0.5f);
    MeterRegistry meters = Meters.of(node.vertx());
    for (int i = 0; i < 1000 && meters.find("retort.cache.evictions").meters().size() < 2; i++) {
      Thread.sleep(10);
    }

    assertThat(count(meters, "miss")).isEqualTo(1);
    assertThat(count(meters, "body_hit")).isEqualTo(2);
    assertThat(count(meters, "hit")).isEqualTo(1);
    assertThat(count(meters, "shared")).isZero();
    assertThat(meters.get("retort.cache.entries").tag("kind", "body").gauge().value()).isEqualTo(2);
    assertThat(meters.get("retort.cache.bytes").tag("kind", "answer").gauge().value())
        .isEqualTo(421);
  }

  private static double count(MeterRegistry meters, String result) {
    return meters.get("retort.cache.requests").tag("result", result).functionCounter().count();
  }

  @Test
  void recall_noBodyEntries_isNotServed() throws Exception {
    try (TrialNode without =
        TrialNode.start(home.resolve("x"), Map.of("cache.bodyEntries", 0), "cache")) {
      Future<Recollection> recollection =
          without.bus().request(Addresses.CACHE_RECALL, new Recall(Buffer.buffer("a"), null));
      assertThat(recollection.map(true).otherwise(false))
          .satisfies(f -> assertThat(await(f)).isFalse());
    }
  }

  private Recollection recall(String body, String affinity) {
    return await(
        node.bus().request(Addresses.CACHE_RECALL, new Recall(Buffer.buffer(body), affinity)));
  }

  private void learn(String body, PredictRequest request, float answer) throws Exception {
    Future<PredictReply> reply =
        node.bus().request(Addresses.CACHE_LEARN, recall(body, null).lesson(request));
    while (!reply.isComplete()) {
      TrialModel.Question asked = model.poll();
      if (asked != null) {
        asked.reply(asked.request().version(), answer);
      }
    }
    assertThat(reply.succeeded()).isTrue();
  }

  /** A body that asks for any version, of which version 1 alone has answered. */
  private void learnBy(String body, PredictRequest request) throws Exception {
    Future<PredictReply> reply = node.bus().request(Addresses.CACHE_PREDICT, request);
    model.next().reply("1", 0.5f);
    await(reply);
    Recollection unknown = recall(body, null);
    PredictRequest any = request(null, (int) request.features()[0]);
    Recollection drawn = Recollection.unknown(unknown.lesson(any).body(), "1");
    await(node.bus().request(Addresses.CACHE_LEARN, drawn.lesson(any)));
  }

  private CacheState state() {
    return await(node.bus().request(Addresses.CACHE_STATE, Nothing.NOTHING));
  }

  private static PredictRequest request(String version, int input) {
    return new PredictRequest(null, version, 1, new float[] {input, 1, 1, 1}, 0);
  }
}
