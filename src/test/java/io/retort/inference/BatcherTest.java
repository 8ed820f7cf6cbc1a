package io.retort.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.bus.Asker;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.VersionStatistics;
import io.retort.bus.VersionStatistics.BatchSize;
import io.retort.config.InferenceConfig;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Memory;
import io.retort.device.Precision;
import io.retort.model.ModelCard;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BatcherTest {
  private static final int FEATURES = 6;
  private static final int CLASSES = 4;
  private static final long MINUTE = 60_000_000_000L;

  private static Device cpu;

  private final ArrayDeque<Runnable> lane = new ArrayDeque<>();
  private final ScheduledExecutorService timer = Lanes.timer("trial-timer");

  @BeforeAll
  @BeforeContainer
  static void open() {
    cpu = Device.open(DeviceKind.CPU, 1);
  }

  @AfterAll
  @AfterContainer
  static void close() {
    cpu.close();
  }

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  private static WarmModel model(int maxBatch) {
    Architecture net = Architecture.mlp(Shape.of(FEATURES), 5, CLASSES);
    ModelCard card = new ModelCard("net", "1", net, Map.of(), null, null, Instant.EPOCH, "no file");
    return new WarmModel(card, TrialNode.weights(net, 3), cpu, Precision.FLOAT32, maxBatch);
  }

  /** A batcher whose batches run when the test takes them from the lane. */
  private Batcher held(Map<String, Object> settings) {
    return held(settings, false);
  }

  private Batcher held(Map<String, Object> settings, boolean onLoop) {
    InferenceConfig config = InferenceConfig.of(settings);
    WarmModel model = model(config.maxBatchSize());
    Workplace workplace =
        new Workplace(
            lane::add,
            onLoop,
            Runnable::run,
            Runnable::run,
            timer,
            lost -> {
              throw lost;
            },
            config.maxQueuedRows());
    return new Batcher(model, List.of(model.plans()), workplace, config);
  }

  private void runLane() {
    while (!lane.isEmpty()) {
      lane.poll().run();
    }
  }

  private static PredictRequest rows(int seed, int count, Asker asker) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] features = new float[count * FEATURES];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) (4 * random.nextDouble() - 2);
    }
    return new PredictRequest(null, null, count, features, 0).askedBy(asker);
  }

  private static PredictRequest row(int seed) {
    return rows(seed, 1, Asker.PATIENT);
  }

  private static Future<PredictReply> ask(Batcher batcher, PredictRequest request) {
    long now = System.nanoTime();
    return batcher.submit(request, now, now + MINUTE);
  }

  private static VersionStatistics statistics(Batcher batcher) {
    return batcher.tallies().statistics(batcher.model().card());
  }

  private static void assertFailed(Future<PredictReply> reply, Failure failure) {
    assertThat(reply.cause())
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(failure));
  }

  @Property(tries = 60)
  void submit_anyRowsOnAnyLanes_eachGetsItsOwnAnswerInBatchesOfTheBound(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 20) Integer> counts,
      @ForAll @IntRange(min = 1, max = 4) int lanes,
      @ForAll @IntRange(min = 1, max = 9) int maxBatch,
      @ForAll @IntRange(min = 0, max = 1) int delay)
      throws Exception {
    long before = Memory.allocatedBytes();
    InferenceConfig config =
        InferenceConfig.of(
            Map.of(
                "compute",
                "lane",
                "lanes",
                lanes,
                "maxBatchSize",
                maxBatch,
                "maxQueueDelayMicros",
                300 * delay));
    ExecutorService home = Lanes.named("trial-home", 1);
    Batchers batchers = new Batchers(config, home, home, Runnable::run, lost -> {});
    WarmModel model = model(maxBatch);
    PlanSet alone = model.plans();
    Batcher batcher = batchers.batcher(model);
    List<Tuple.Tuple2<Question, Future<PredictReply>>> asked = new ArrayList<>();
    for (int i = 0; i < counts.size(); i++) {
      PredictRequest request = rows(i, counts.get(i), Asker.PATIENT);
      Question question = new Question(request, CLASSES, 0, MINUTE);
      asked.add(Tuple.of(question, ask(batcher, request)));
    }
    for (var each : asked) {
      PredictReply reply = TrialNode.await(each.get2());
      for (int row = 0; row < reply.rows(); row++) {
        float[] one =
            Arrays.copyOfRange(each.get1().features(), row * FEATURES, (row + 1) * FEATURES);
        Question single = new Question(PredictRequest.of(one), CLASSES, 0, MINUTE);
        alone.run(List.of(single), (rows, nanos) -> {});
        for (int c = 0; c < CLASSES; c++) {
          assertThat(reply.predictions()[row * CLASSES + c])
              .isCloseTo(single.predictions()[c], Offset.offset(1e-6f));
        }
      }
    }
    VersionStatistics statistics = statistics(batcher);
    int rows = counts.stream().mapToInt(Integer::intValue).sum();
    assertThat(statistics.rows()).isEqualTo(rows);
    assertThat(statistics.answered().count()).isEqualTo(counts.size());
    assertThat(statistics.sizes()).extracting(BatchSize::rows).allMatch(size -> size <= maxBatch);
    TrialNode.await(batcher.retire(null));
    alone.close();
    batchers.close();
    home.shutdown();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void lanes_ofOneVersion_shareItsWeights() {
    long before = Memory.allocatedBytes();
    WarmModel model = model(8);
    long weights = Memory.allocatedBytes() - before;
    PlanSet first = model.plans();
    long plans = Memory.allocatedBytes() - before - weights;
    PlanSet second = model.plans();
    assertThat(Memory.allocatedBytes() - before).isEqualTo(weights + 2 * plans);
    first.close();
    second.run(List.of(new Question(row(1), CLASSES, 0, MINUTE)), (rows, nanos) -> {});
    second.close();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void submit_whileABatchWaitsForItsLane_isPartOfIt() {
    Batcher batcher = held(Map.of("maxBatchSize", 8));
    List<Future<PredictReply>> replies = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      replies.add(ask(batcher, row(i)));
    }
    assertThat(lane).hasSize(1);
    runLane();
    assertThat(replies).allMatch(Future::succeeded);
    assertThat(statistics(batcher).sizes()).extracting(BatchSize::rows).containsExactly(1, 8);
    batcher.retire(null);
  }

  @Test
  void run_askerGoneOrDeadlinePassed_isNotComputed() {
    Batcher batcher = held(Map.of());
    Future<PredictReply> first = ask(batcher, row(1));
    Future<PredictReply> gone = ask(batcher, rows(2, 5, () -> true));
    long now = System.nanoTime();
    Future<PredictReply> late = batcher.submit(rows(3, 7, Asker.PATIENT), now, now - 1);
    Future<PredictReply> last = ask(batcher, row(4));
    runLane();

    assertThat(first.succeeded()).isTrue();
    assertThat(last.succeeded()).isTrue();
    assertFailed(gone, Failure.CLIENT_GONE);
    assertFailed(late, Failure.DEADLINE_EXCEEDED);
    assertThat(statistics(batcher).rows()).isEqualTo(2);
    assertThat(statistics(batcher).failed().count()).isEqualTo(2);
    assertThat(statistics(batcher).queued().count()).isEqualTo(2);
    batcher.retire(null);
  }

  @Test
  void submit_queueFullOfTheDead_makesRoomForTheLiving() {
    Batcher batcher = held(Map.of("maxQueuedRows", 8));
    AtomicBoolean gone = new AtomicBoolean();
    List<Future<PredictReply>> dead = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      dead.add(ask(batcher, rows(i, 1, gone::get)));
    }
    Future<PredictReply> alive = ask(batcher, row(7));
    assertFailed(ask(batcher, row(8)), Failure.QUEUE_FULL);

    gone.set(true);
    long later = System.nanoTime() + 10_000_000;
    Future<PredictReply> next = batcher.submit(row(9), later, later + MINUTE);
    dead.forEach(reply -> assertFailed(reply, Failure.CLIENT_GONE));
    assertThat(batcher.queuedRows()).isEqualTo(2);
    runLane();
    assertThat(alive.succeeded()).isTrue();
    assertThat(next.succeeded()).isTrue();
    assertThat(batcher.tallies().count(Tallies.Outcome.QUEUE_FULL)).isEqualTo(1);
    batcher.retire(null);
  }

  @Test
  void sweep_expiredDeepInTheQueue_isRefusedAtOnce() {
    Batcher batcher = held(Map.of());
    Future<PredictReply> first = ask(batcher, row(1));
    long now = System.nanoTime();
    Future<PredictReply> late = batcher.submit(row(2), now, now - 1);
    batcher.sweep();

    assertFailed(late, Failure.DEADLINE_EXCEEDED);
    assertThat(first.isComplete()).isFalse();
    runLane();
    assertThat(first.succeeded()).isTrue();
    batcher.retire(null);
  }

  @Test
  void submit_withADelay_waitsForAFullBatch() {
    Batcher batcher = held(Map.of("maxBatchSize", 4, "maxQueueDelayMicros", 1_000_000));
    List<Future<PredictReply>> replies = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      replies.add(ask(batcher, row(i)));
    }
    assertThat(lane).isEmpty();
    replies.add(ask(batcher, row(3)));
    assertThat(lane).hasSize(1);
    runLane();
    assertThat(replies).allMatch(Future::succeeded);
    assertThat(statistics(batcher).batches()).isEqualTo(1);
    batcher.retire(null);
  }

  @Test
  void submit_whereNoBatchFills_isRunAfterTheDelay() {
    InferenceConfig config =
        InferenceConfig.of(Map.of("compute", "lane", "maxQueueDelayMicros", 2000));
    Batchers batchers = new Batchers(config, null, Runnable::run, Runnable::run, lost -> {});
    Batcher batcher = batchers.batcher(model(64));
    for (int i = 0; i < 3; i++) {
      assertThat(TrialNode.await(ask(batcher, row(i))).rows()).isEqualTo(1);
    }
    TrialNode.await(batcher.retire(null));
    batchers.close();
  }

  @Test
  void retire_withQuestionsLeft_answersThemAndFreesTheMemory() {
    long before = Memory.allocatedBytes();
    Batcher batcher = held(Map.of("maxBatchSize", 2, "maxQueueDelayMicros", 1_000_000));
    List<Future<PredictReply>> replies = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      replies.add(ask(batcher, row(i)));
    }
    Future<Void> closed = batcher.retire(null);
    assertThat(closed.isComplete()).isFalse();
    runLane();
    assertThat(replies).allMatch(Future::succeeded);
    assertThat(closed.succeeded()).isTrue();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void submit_fullBatchOnTheLoop_runsAtOnceAndTheRestInItsTurn() {
    Batcher batcher = held(Map.of("maxBatchSize", 4), true);
    List<Future<PredictReply>> replies = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      replies.add(ask(batcher, row(i)));
    }

    assertThat(replies.subList(0, 4)).allMatch(Future::succeeded);
    assertThat(replies.subList(4, 6)).noneMatch(Future::isComplete);
    runLane();
    assertThat(replies).allMatch(Future::succeeded);
  }
}
