package io.retort.inference;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.ModelLabel;
import io.retort.bus.ModelName;
import io.retort.bus.ModelSplit;
import io.retort.bus.ModelVersion;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What those see who go on asking while the versions change under them: nothing. */
class ChangesUnderLoadTest {
  private static final Architecture SMALL = Architecture.mlp(Shape.of(6), 5, 4);

  @TempDir Path home;

  private final AtomicBoolean enough = new AtomicBoolean();
  private final AtomicInteger asked = new AtomicInteger();
  private final List<CompletableFuture<Void>> askers = new ArrayList<>();
  private final Set<String> seen = new ConcurrentSkipListSet<>();

  /** The versions that may answer after each step, that under way included. */
  private final List<Set<String>> steps = new CopyOnWriteArrayList<>();

  private volatile int done;

  @ParameterizedTest
  @CsvSource({
    "lane, 2, retort.predict",
    "eventLoop, 1, retort.predict",
    "lane, 1, retort.cache.predict",
    "eventLoop, 1, retort.cache.predict"
  })
  void changes_whileManyAsk_failNoRequest(String compute, int lanes, String address)
      throws Exception {
    TrialNode.putLive(home, "student", SMALL, 1);
    for (int version = 2; version <= 4; version++) {
      TrialNode.put(home, "student", SMALL, version);
    }
    Map<String, Object> flags = Map.of("inference.compute", compute, "inference.lanes", lanes);
    try (TrialNode node = TrialNode.start(home, flags, "inference", "cache")) {
      node.awaitLive("student", "1");
      steps.add(Set.of("1"));
      for (int i = 0; i < 3; i++) {
        askers.add(CompletableFuture.runAsync(() -> keepAsking(node, address)));
      }
      try {
        for (int round = 0; round < 4; round++) {
          change(node);
        }
      } finally {
        enough.set(true);
        askers.forEach(CompletableFuture::join);
      }
      assertThat(seen).containsExactly("1", "2", "3");
    }
  }

  private void change(TrialNode node) throws Exception {
    step(node, Addresses.MODELS_PROMOTE, version("1"), "1");
    step(node, Addresses.MODELS_SPLIT, split("1", 30, "2", 70), "1", "2");
    step(node, Addresses.MODELS_SHADOW, version("4"), "1", "2");
    step(node, Addresses.MODELS_LABEL, new ModelLabel("student", "next", "3"), "1", "2");
    step(node, Addresses.MODELS_SPLIT, split("2", 50, "3", 50), "2", "3");
    step(node, Addresses.MODELS_PROMOTE, version("2"), "2");
    step(node, Addresses.MODELS_ROLLBACK, new ModelName("student"), "1");
    step(node, Addresses.MODELS_LABEL, new ModelLabel("student", "next", null), "1");
    step(node, Addresses.MODELS_SHADOW, version(null), "1");
    step(node, Addresses.MODELS_LOAD, version("4"), "1");
    step(node, Addresses.MODELS_UNLOAD, version("4"), "1");
  }

  private <Q> void step(TrialNode node, Address<Q, ?> address, Q question, String... allowed)
      throws InterruptedException {
    steps.add(Set.of(allowed));
    await(node.bus().request(address, question));
    done = steps.size() - 1;
    for (int until = asked.get() + 200; asked.get() < until; ) {
      assertThat(askers).noneMatch(CompletableFuture::isDone);
      Thread.sleep(1);
    }
  }

  private static ModelSplit split(String first, int its, String second, int rest) {
    return new ModelSplit("student", Map.of(first, its, second, rest));
  }

  private static ModelVersion version(String version) {
    return new ModelVersion("student", version);
  }

  private void keepAsking(TrialNode node, String address) {
    Address<PredictRequest, PredictReply> at =
        address.equals(Addresses.PREDICT.name()) ? Addresses.PREDICT : Addresses.CACHE_PREDICT;
    while (!enough.get()) {
      int since = done;
      List<Future<PredictReply>> replies = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        float number = asked.incrementAndGet();
        replies.add(node.bus().request(at, PredictRequest.of(number, 1, 2, 3, 4, 5)));
      }
      for (Future<PredictReply> reply : replies) {
        String version = await(reply).version();
        seen.add(version);
        assertThat(List.copyOf(steps).stream().skip(since))
            .anyMatch(allowed -> allowed.contains(version));
      }
    }
  }
}
