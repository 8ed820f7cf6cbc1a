package io.retort.inference;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.ModelName;
import io.retort.bus.ModelVersion;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.ShadowComparison;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShadowTest {
  private static final Architecture SMALL = Architecture.mlp(Shape.of(784), 16, 10);

  @TempDir Path home;

  private static PredictReply ask(TrialNode node, String version, float[] features) {
    PredictRequest request =
        new PredictRequest("student", version, features.length / 784, features, 0);
    return await(node.bus().request(Addresses.PREDICT, request));
  }

  private static ShadowComparison comparison(TrialNode node) {
    return await(node.bus().request(Addresses.MODELS_COMPARISON, new ModelName("student")));
  }

  private static void shadow(TrialNode node, String version) {
    await(node.bus().request(Addresses.MODELS_SHADOW, new ModelVersion("student", version)));
  }

  private static ShadowComparison awaitCompared(TrialNode node, long rows) throws Exception {
    ShadowComparison comparison = comparison(node);
    for (int i = 0; i < 600 && comparison.rows() + comparison.dropped() < rows; i++) {
      Thread.sleep(20);
      comparison = comparison(node);
    }
    return comparison;
  }

  @Test
  void shadow_ofAnswers_agreesAndDivergesAsBothDo() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    TrialNode.put(home, "student", SMALL, 2);
    try (TrialNode node = TrialNode.start(home, Map.of(), "inference")) {
      node.awaitLive("student", "1");
      assertThat(comparison(node).shadow()).isNull();
      shadow(node, "2");
      int agreeing = 0;
      double divergence = 0;
      for (int i = 0; i < 40; i++) {
        float[] live = ask(node, i % 2 == 0 ? null : "1", digit(i)).predictions();
        float[] other = ask(node, "2", digit(i)).predictions();
        agreeing += best(live) == best(other) ? 1 : 0;
        for (int c = 0; c < 10; c++) {
          divergence += live[c] * Math.log((double) live[c] / other[c]);
        }
      }
      ShadowComparison comparison = awaitCompared(node, 40);
      assertThat(comparison.shadow()).isEqualTo("2");
      assertThat(comparison.rows()).isEqualTo(40);
      assertThat(comparison.dropped()).isZero();
      assertThat(comparison.agreeing()).isEqualTo(agreeing).isBetween(1L, 39L);
      assertThat(comparison.divergence()).isCloseTo(divergence / 40, Offset.offset(1e-5));

      shadow(node, null);
      assertThat(comparison(node)).isEqualTo(new ShadowComparison("student", null, 0, 0, 0, 0));
    }
  }

  private static int best(float[] probabilities) {
    int best = 0;
    for (int c = 1; c < probabilities.length; c++) {
      best = probabilities[c] > probabilities[best] ? c : best;
    }
    return best;
  }

  @Test
  void shadow_thatCannotKeepUp_dropsRowsAndDelaysNobody() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    TrialNode.put(home, "student", Architecture.mlp(Shape.of(784), 3000, 3000, 10), 2);
    Map<String, Object> flags = Map.of("inference.maxBatchSize", 4);
    try (TrialNode node = TrialNode.start(home, flags, "inference")) {
      node.awaitLive("student", "1");
      shadow(node, "2");
      List<Future<PredictReply>> replies = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        replies.add(
            node.bus()
                .request(Addresses.PREDICT, new PredictRequest("student", null, 1, digit(i), 0)));
      }
      replies.forEach(reply -> assertThat(await(reply).version()).isEqualTo("1"));
      ShadowComparison comparison = awaitCompared(node, 2000);
      assertThat(comparison.dropped()).isPositive();
      assertThat(comparison.rows()).isPositive();
      assertThat(comparison.rows() + comparison.dropped()).isEqualTo(2000);
    }
  }

  @Test
  void shadow_thatSharesTheRequests_isRefused() throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    try (TrialNode node = TrialNode.start(home, Map.of(), "inference")) {
      node.awaitLive("student", "1");
      assertThatThrownBy(() -> shadow(node, "1"))
          .isInstanceOfSatisfying(
              FailureException.class,
              e -> assertThat(e.failure()).isEqualTo(Failure.INVALID_TRAFFIC))
          .hasMessageContaining("has 100 percent");
    }
  }
}
