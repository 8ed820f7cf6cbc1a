package io.retort.cache;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialModel;
import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictReply.Source;
import io.retort.bus.PredictRequest;
import io.retort.bus.Recall;
import io.retort.bus.Recollection;
import io.retort.bus.Traffic;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests, answers, promotions and splits in a random order: whatever the cache says is what the
 * model says, of a version that the request may mean.
 */
class InterleavingTest {
  private static final int ROUNDS = 40;
  private static final int STEPS = 120;
  private static final String[] NAMES = {null, null, "1", "2", "3", "label"};
  private static final String[] AFFINITIES = {null, null, "ann", "bob"};

  /** A request under way, with the versions that its answer may come from. */
  private record Asked(
      int input,
      String name,
      AtomicBoolean gone,
      Set<String> allowed,
      Future<PredictReply> reply) {}

  @TempDir Path home;
  private TrialNode node;
  private TrialModel model;
  private SplittableRandom random;
  private Traffic traffic;
  private final List<Asked> waiting = new ArrayList<>();
  private final List<TrialModel.Question> questions = new ArrayList<>();

  @Test
  void predict_anyOrderOfEvents_isWhatTheModelSays() {
    try (TrialNode started =
        TrialNode.start(home, Map.of("cache.maxEntries", 6, "cache.bodyEntries", 6), "cache")) {
      node = started;
      model = new TrialModel(node.bus());
      int known = 0;
      for (int seed = 0; seed < ROUNDS; seed++) {
        random = new SplittableRandom(seed);
        turn();
        for (int step = 0; step < STEPS; step++) {
          switch (random.nextInt(8)) {
            case 0 -> turn();
            case 1, 2 -> answer();
            default -> ask();
          }
          known += check(seed);
        }
        while (!waiting.isEmpty()) {
          answer();
          known += check(seed);
        }
      }
      assertThat(known).as("answers that came from the cache").isGreaterThan(ROUNDS * STEPS / 10);
    }
  }

  /**
   * Another traffic, of one version, two or three; requests under way may be answered by it too.
   */
  private void turn() {
    List<String> loaded = new ArrayList<>(List.of("1", "2", "3"));
    loaded.remove(random.nextInt(4) % 3);
    String first = loaded.get(random.nextInt(2));
    String second = loaded.get(random.nextInt(2));
    int share = first.equals(second) ? 100 : random.nextInt(1, 100);
    Map<String, Integer> percent =
        share == 100 ? Map.of(first, 100) : Map.of(first, share, second, 100 - share);
    traffic = new Traffic(percent, Map.of("label", second), null, loaded);
    waiting.forEach(asked -> asked.allowed.addAll(allowed(asked.name)));
    model.serve(TrialModel.NAME, first, traffic);
  }

  private Set<String> allowed(String name) {
    if (name == null) {
      return new HashSet<>(traffic.percent().keySet());
    }
    return new HashSet<>(Set.of(traffic.labels().getOrDefault(name, name)));
  }

  private void ask() {
    int input = random.nextInt(5);
    String name = NAMES[random.nextInt(NAMES.length)];
    String affinity = AFFINITIES[random.nextInt(AFFINITIES.length)];
    AtomicBoolean gone = new AtomicBoolean();
    PredictRequest request =
        new PredictRequest(null, name, 1, new float[] {input, 1, 1, 1}, 0, affinity, gone::get);
    Set<String> allowed = allowed(name);
    Future<PredictReply> reply =
        random.nextBoolean()
            ? node.bus().request(Addresses.CACHE_PREDICT, request)
            : byBody(request, Buffer.buffer(input + " of " + name));
    waiting.add(new Asked(input, name, gone, allowed, reply));
    model.settle();
  }

  private Future<PredictReply> byBody(PredictRequest request, Buffer body) {
    Recollection known =
        await(node.bus().request(Addresses.CACHE_RECALL, new Recall(body, request.affinity())));
    return known.reply() != null
        ? Future.succeededFuture(known.reply())
        : node.bus().request(Addresses.CACHE_LEARN, known.lesson(request));
  }

  /** The model answers one question, in its own time; somebody may leave before. */
  private void answer() {
    if (!waiting.isEmpty() && random.nextInt(3) == 0) {
      waiting.get(random.nextInt(waiting.size())).gone.set(true);
    }
    for (TrialModel.Question asked; (asked = model.poll()) != null; ) {
      questions.add(asked);
    }
    if (questions.isEmpty()) {
      return;
    }
    TrialModel.Question next = questions.remove(random.nextInt(questions.size()));
    PredictRequest request = next.request();
    String version = traffic.version(request.version(), request.affinity());
    if (request.asker().gone()) {
      next.answer().fail(Failure.CLIENT_GONE.because("nobody waits"));
    } else if (version == null) {
      next.answer().fail(Failure.UNKNOWN_VERSION.because("not loaded"));
    } else {
      next.reply(version, said(version, (int) request.features()[0]));
    }
    model.settle();
  }

  private static float said(String version, int input) {
    return 100 * Integer.parseInt(version) + input;
  }

  /** Checks and forgets what was answered; how many answers came from the cache. */
  private int check(int seed) {
    int known = 0;
    for (Asked asked : List.copyOf(waiting)) {
      if (!asked.reply.isComplete()) {
        continue;
      }
      waiting.remove(asked);
      if (asked.reply.failed()) {
        Failure failure = ((FailureException) asked.reply.cause()).failure();
        boolean mayFail =
            failure == Failure.CLIENT_GONE && asked.gone.get()
                || failure == Failure.UNKNOWN_VERSION && asked.name != null;
        assertThat(mayFail).as("seed %d: %s failed by %s", seed, asked, failure).isTrue();
        continue;
      }
      PredictReply reply = asked.reply.result();
      assertThat(asked.allowed).as("seed %d: %s", seed, asked).contains(reply.version());
      assertThat(reply.predictions())
          .as("seed %d: %s", seed, asked)
          .containsExactly(said(reply.version(), asked.input));
      known += reply.source() == Source.CACHE ? 1 : 0;
    }
    return known;
  }
}
