package io.retort.inference;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.search.Search;
import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.ModelVersion;
import io.retort.bus.PredictRequest;
import io.retort.device.Memory;
import io.retort.metrics.Meters;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InferenceMetersTest {
  @TempDir Path home;

  private static Search search(MeterRegistry registry, String name, String version) {
    return registry.find("retort.inference." + name).tags("model", "student", "version", version);
  }

  private static void awaitMeters(MeterRegistry registry, String version, boolean there)
      throws InterruptedException {
    for (int i = 0; i < 600; i++) {
      if (search(registry, "queued.rows", version).meters().isEmpty() != there) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("the meters of version " + version + " must be there: " + !there);
  }

  @Test
  void meters_ofALoadedVersion_countWhatItDoesUntilItIsUnloaded() throws Exception {
    Architecture net = Architecture.mlp(Shape.of(784), 16, 10);
    TrialNode.putLive(home, "student", net, 1);
    TrialNode.put(home, "student", net, 2);
    try (TrialNode node = TrialNode.start(home, Map.of(), "inference")) {
      node.awaitLive("student", "1");
      MeterRegistry registry = Meters.of(node.vertx());
      ask(node, digit(1));
      awaitMeters(registry, "1", true);
      ask(node, digit(2));
      ask(node, new float[3 * 784]);
      float[] broken = digit(3);
      broken[0] = Float.NaN;
      await(
          node.bus()
              .request(Addresses.PREDICT, PredictRequest.of(broken))
              .otherwise((io.retort.bus.PredictReply) null));

      assertThat(requests(registry, "ok")).isEqualTo(3);
      assertThat(requests(registry, "error")).isEqualTo(1);
      assertThat(requests(registry, "queue_full")).isZero();
      assertThat(requests(registry, "deadline")).isZero();
      assertThat(requests(registry, "client_gone")).isZero();
      assertThat(search(registry, "queue", "1").timer().count()).isEqualTo(3);
      assertThat(search(registry, "compute", "1").timer().count()).isGreaterThanOrEqualTo(3);
      assertThat(search(registry, "compute", "1").timer().takeSnapshot().histogramCounts())
          .isNotEmpty();
      assertThat(search(registry, "batch.rows", "1").summary().totalAmount()).isEqualTo(5);
      assertThat(search(registry, "queued.rows", "1").gauge().value()).isZero();
      assertThat(registry.find("retort.native.memory.bytes").gauge().value())
          .isEqualTo(Memory.allocatedBytes());

      await(node.bus().request(Addresses.MODELS_PROMOTE, new ModelVersion("student", "2")));
      awaitMeters(registry, "1", false);
      awaitMeters(registry, "2", true);
      assertThat(search(registry, "requests", "1").meters()).isEmpty();
    }
  }

  private static double requests(MeterRegistry registry, String outcome) {
    return search(registry, "requests", "1").tag("outcome", outcome).functionCounter().count();
  }

  private static void ask(TrialNode node, float[] features) {
    await(
        node.bus()
            .request(
                Addresses.PREDICT,
                new PredictRequest("student", null, features.length / 784, features, 0)));
  }
}
