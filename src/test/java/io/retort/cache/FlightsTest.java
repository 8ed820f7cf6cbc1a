package io.retort.cache;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialModel;
import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Asker;
import io.retort.bus.CacheState;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictReply.Source;
import io.retort.bus.PredictRequest;
import io.retort.bus.Traffic;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightsTest {
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
  void predict_equalRequestsAtOnce_askTheModelOnce() throws Exception {
    Future<PredictReply> first = ask(null, Asker.PATIENT, 0);
    Future<PredictReply> second = ask("1", Asker.PATIENT, 0);
    model.settle();

    model.next().reply("1", 0.5f);

    assertThat(await(first).predictions()).containsExactly(0.5f);
    assertThat(await(second).source()).isEqualTo(Source.MODEL);
    assertThat(model.poll()).isNull();
    assertThat(await(ask(null, Asker.PATIENT, 0)).source()).isEqualTo(Source.CACHE);
  }

  @Test
  void asker_ofAFlight_isGoneWhenAllAre() throws Exception {
    AtomicBoolean firstGone = new AtomicBoolean();
    AtomicBoolean secondGone = new AtomicBoolean();
    ask(null, firstGone::get, 0);
    Asker flight = model.next().request().asker();
    assertThat(flight.gone()).isFalse();
    firstGone.set(true);
    assertThat(flight.gone()).isTrue();

    ask(null, secondGone::get, 0);
    model.settle();
    assertThat(flight.gone()).isFalse();
    secondGone.set(true);
    assertThat(flight.gone()).isTrue();
  }

  @Test
  void predict_firstLeftBeforeOthersJoined_answersTheOthers() throws Exception {
    Future<PredictReply> left = ask(null, () -> true, 0);
    TrialModel.Question dropped = model.next();
    assertThat(dropped.request().asker().gone()).isTrue();
    Future<PredictReply> second = ask(null, Asker.PATIENT, 0);
    Future<PredictReply> third = ask(null, Asker.PATIENT, 0);
    Future<PredictReply> leftToo = ask(null, () -> true, 0);
    model.settle();

    dropped.answer().fail(Failure.CLIENT_GONE.because("nobody waits"));
    model.next().reply("1", 0.5f);

    assertThat(await(second).predictions()).containsExactly(0.5f);
    assertThat(await(third).predictions()).containsExactly(0.5f);
    requireFailure(left, Failure.CLIENT_GONE);
    requireFailure(leftToo, Failure.CLIENT_GONE);
    assertThat(model.poll()).isNull();
  }

  @Test
  void predict_firstWasLate_othersAskInTheTimeTheyHave() throws Exception {
    Future<PredictReply> hasty = ask(null, Asker.PATIENT, 5);
    TrialModel.Question late = model.next();
    Future<PredictReply> patient = ask(null, Asker.PATIENT, 60_000);
    Future<PredictReply> boundless = ask(null, Asker.PATIENT, 0);
    Future<PredictReply> asHasty = ask(null, Asker.PATIENT, 1);
    model.settle();
    Thread.sleep(5);

    late.answer().fail(Failure.DEADLINE_EXCEEDED.because("too late"));

    TrialModel.Question again = model.next();
    assertThat(again.request().timeoutMillis()).isBetween(1L, 59_999L);
    again.reply("1", 0.5f);
    assertThat(await(patient).predictions()).containsExactly(0.5f);
    assertThat(await(boundless).predictions()).containsExactly(0.5f);
    requireFailure(hasty, Failure.DEADLINE_EXCEEDED);
    requireFailure(asHasty, Failure.DEADLINE_EXCEEDED);
  }

  @Test
  void predict_failedOrDropped_isNotRemembered() throws Exception {
    for (Failure failure : List.of(Failure.MODEL_ERROR, Failure.CLIENT_GONE, Failure.QUEUE_FULL)) {
      Future<PredictReply> reply = ask(null, () -> true, 0);
      model.next().answer().fail(failure.because("no"));
      requireFailure(reply, failure);
    }
    assertThat(await(node.bus().request(Addresses.CACHE_STATE, Nothing.NOTHING)))
        .returns(0L, CacheState::entries)
        .returns(3L, CacheState::misses);
  }

  @Test
  void predict_chosenVersionStoppedOnTheWay_isAnsweredByTheNext() throws Exception {
    Future<PredictReply> any = ask(null, Asker.PATIENT, 0);
    Future<PredictReply> alsoAny = ask(null, Asker.PATIENT, 0);
    Future<PredictReply> named = ask("1", Asker.PATIENT, 0);
    model.settle();
    TrialModel.Question old = model.next();
    assertThat(old.request().version()).isEqualTo("1");

    old.answer().fail(Failure.UNKNOWN_VERSION.because("version 1 does not answer"));

    for (Future<PredictReply> reply : List.of(any, alsoAny)) {
      TrialModel.Question fresh = model.next();
      assertThat(fresh.request().version()).isNull();
      fresh.reply("2", 0.25f);
      assertThat(await(reply).version()).isEqualTo("2");
    }
    requireFailure(named, Failure.UNKNOWN_VERSION);
  }

  private Future<PredictReply> ask(String version, Asker asker, long millis) {
    return node.bus()
        .request(
            Addresses.CACHE_PREDICT,
            new PredictRequest(null, version, 1, new float[] {1, 2, 3, 4}, millis, null, asker));
  }

  private static void requireFailure(Future<PredictReply> reply, Failure failure) {
    assertThatThrownBy(() -> await(reply))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(failure));
  }
}
