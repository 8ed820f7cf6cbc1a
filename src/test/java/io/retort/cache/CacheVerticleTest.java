package io.retort.cache;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.CacheState;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictReply.Source;
import io.retort.bus.PredictRequest;
import io.retort.model.ModelCard;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheVerticleTest {
  private static final Architecture SMALL = Architecture.mlp(Shape.of(784), 16, 10);

  @TempDir Path home;

  @Test
  void predict_sameInputAgain_comesFromTheCacheWithTheSameNumbers() throws Exception {
    try (TrialNode node = start(Map.of())) {
      PredictReply first = ask(node, PredictRequest.of(digit(1)));
      PredictReply second = ask(node, PredictRequest.of(digit(1)));
      PredictReply named = ask(node, new PredictRequest("student", "1", 1, digit(1), 0));

      assertThat(first.source()).isEqualTo(Source.MODEL);
      assertThat(second.source()).isEqualTo(Source.CACHE);
      assertThat(named.source()).isEqualTo(Source.CACHE);
      assertThat(second.predictions()).isEqualTo(first.predictions());
      CacheState state = await(node.bus().request(Addresses.CACHE_STATE, Nothing.NOTHING));
      assertThat(state).isEqualTo(new CacheState(1, 200, 610, 16 << 20, 2, 1, 0));
    }
  }

  @Test
  void predict_otherRowsOfTheSameNumbers_isAnotherInput() throws Exception {
    Architecture tiny = Architecture.mlp(Shape.of(4), 3);
    TrialNode.putLive(home, "student", tiny, 1);
    try (TrialNode node = TrialNode.start(home, Map.of(), "cache", "inference")) {
      node.awaitLive("student", "1");
      float[] numbers = {1, 2, 3, 4, 5, 6, 7, 8};
      ask(node, new PredictRequest(null, null, 2, numbers.clone(), 0));

      assertThatThrownBy(() -> ask(node, new PredictRequest(null, null, 1, numbers.clone(), 0)))
          .isInstanceOfSatisfying(
              FailureException.class,
              e -> assertThat(e.failure()).isEqualTo(Failure.INVALID_FEATURES));
    }
  }

  @Test
  void predict_afterTimeToLive_asksTheModelAgain() throws Exception {
    try (TrialNode node = start(Map.of("cache.ttlSeconds", 1))) {
      ask(node, PredictRequest.of(digit(1)));
      assertThat(ask(node, PredictRequest.of(digit(1))).source()).isEqualTo(Source.CACHE);

      Thread.sleep(1100);

      assertThat(ask(node, PredictRequest.of(digit(1))).source()).isEqualTo(Source.MODEL);
    }
  }

  @Test
  void predict_moreThanItHolds_keepsNoMoreThanItMay() throws Exception {
    try (TrialNode node = start(Map.of("cache.maxEntries", 10))) {
      for (int i = 0; i < 100; i++) {
        ask(node, PredictRequest.of(digit(i)));
      }

      CacheState state = await(node.bus().request(Addresses.CACHE_STATE, Nothing.NOTHING));

      assertThat(state.entries()).isBetween(1L, 10L);
      assertThat(state.misses()).isEqualTo(100);
    }
  }

  @Test
  void predict_noEntriesAllowed_neverSaysCache() throws Exception {
    try (TrialNode node = start(Map.of("cache.maxEntries", 0))) {
      ask(node, PredictRequest.of(digit(1)));

      assertThat(ask(node, PredictRequest.of(digit(1))).source()).isEqualTo(Source.MODEL);
    }
  }

  @Test
  void predict_newVersionLive_forgetsTheOldAnswers() throws Exception {
    try (TrialNode node = start(Map.of())) {
      PredictReply old = ask(node, PredictRequest.of(digit(1)));
      ModelCard card = TrialNode.putLive(home, "student", SMALL, 2);
      node.announcePromoted(card);
      node.awaitLive("student", "2");

      PredictReply fresh = ask(node, PredictRequest.of(digit(1)));

      assertThat(fresh.source()).isEqualTo(Source.MODEL);
      assertThat(fresh.version()).isEqualTo("2");
      assertThat(fresh.predictions()).isNotEqualTo(old.predictions());
      CacheState state = await(node.bus().request(Addresses.CACHE_STATE, Nothing.NOTHING));
      assertThat(state.entries()).isEqualTo(1);
    }
  }

  @Test
  void predict_equalRequestsAtOnce_areComputedOnce() throws Exception {
    try (TrialNode node = start(Map.of("inference.compute", "lane"))) {
      List<Future<PredictReply>> replies = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        replies.add(node.bus().request(Addresses.CACHE_PREDICT, PredictRequest.of(digit(9))));
      }
      float[] expected = await(replies.get(0)).predictions();

      for (Future<PredictReply> reply : replies) {
        assertThat(await(reply).predictions()).isEqualTo(expected);
      }
    }
  }

  @Test
  void predict_noModelThere_isNotReadyAndNotRemembered() throws Exception {
    try (TrialNode node = TrialNode.start(home, Map.of(), "cache")) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> ask(node, PredictRequest.of(digit(1))))
            .isInstanceOfSatisfying(
                FailureException.class, e -> assertThat(e.failure()).isEqualTo(Failure.NOT_READY));
      }
    }
  }

  private TrialNode start(Map<String, Object> flags) throws InterruptedException {
    TrialNode.putLive(home, "student", SMALL, 1);
    TrialNode node = TrialNode.start(home, flags, "cache", "inference");
    node.awaitLive("student", "1");
    return node;
  }

  private static PredictReply ask(TrialNode node, PredictRequest request) {
    return await(node.bus().request(Addresses.CACHE_PREDICT, request));
  }
}
