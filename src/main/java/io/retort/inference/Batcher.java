package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.config.InferenceConfig;
import io.retort.device.DeviceLostException;
import io.retort.inference.Tallies.Outcome;
import io.retort.model.ModelCard;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers the questions to one version into batches: what queued up while all its sets of plans
 * were busy is the next one, and nothing waits for a batch to fill unless the settings say so.
 * Questions come and answers go on the home executor; a batch runs on whichever lane is free, with
 * whichever set of plans is. Where home and lane are the same event loop, a batch is what its
 * sockets brought in one turn, and a full one runs before the next socket is read. Where the device
 * is lost, nothing is: the questions wait for a batcher of another device.
 */
final class Batcher {
  private static final Logger LOG = LoggerFactory.getLogger(Batcher.class);

  /** A full queue is searched for the dead at most that often: to search it costs 50 µs. */
  private static final long SWEEP_NANOS = 1_000_000;

  private final WarmModel model;
  private final Workplace workplace;
  private final int maxBatch;
  private final long delayNanos;
  private final Tallies tallies;
  private final Promise<Void> closed = Promise.promise();

  /** Its lock guards all fields below. */
  private final QuestionQueue queue;

  private final ArrayDeque<PlanSet> idle;
  private final int sets;
  private long sweptNanos = System.nanoTime() - SWEEP_NANOS;
  private boolean scheduled;
  private boolean timed;
  private boolean retired;
  private boolean ended;
  private boolean lost;
  private Batcher heir;

  Batcher(WarmModel model, List<PlanSet> plans, Workplace workplace, InferenceConfig config) {
    this.model = model;
    this.workplace = workplace;
    this.maxBatch = config.maxBatchSize();
    this.delayNanos = TimeUnit.MICROSECONDS.toNanos(config.maxQueueDelayMicros());
    this.tallies = new Tallies(maxBatch);
    this.queue = new QuestionQueue(workplace.maxQueuedRows());
    this.idle = new ArrayDeque<>(plans);
    this.sets = plans.size();
  }

  WarmModel model() {
    return model;
  }

  Tallies tallies() {
    return tallies;
  }

  int queuedRows() {
    synchronized (queue) {
      return queue.rows();
    }
  }

  /** Queues a request that fits the model. */
  Future<PredictReply> submit(PredictRequest request, long now, long deadlineNanos) {
    Question question = new Question(request, model.classes(), now, deadlineNanos);
    List<Question> dead = List.of();
    boolean accepted;
    boolean full;
    synchronized (queue) {
      if (!queue.hasRoom(question.rows()) && now - sweptNanos >= SWEEP_NANOS) {
        sweptNanos = now;
        queue.sweep(now, dead = new ArrayList<>());
      }
      accepted = queue.hasRoom(question.rows());
      if (accepted) {
        queue.add(question);
        wake(now);
      }
      full = workplace.onLoop() && !lost && queue.rows() >= maxBatch && !idle.isEmpty();
    }
    if (full) {
      runBatch(false);
    }
    dead.forEach(this::bury);
    if (!accepted) {
      tallies.ended(Outcome.QUEUE_FULL, 0);
      return Future.failedFuture(
          Failure.QUEUE_FULL.because(
              "the queue of " + model.card().name() + " is full: " + queuedRows() + " rows wait"));
    }
    return question.promise().future();
  }

  /** Refuses those in the queue that nobody waits for any more; on the home executor. */
  void sweep() {
    List<Question> dead = new ArrayList<>(0);
    synchronized (queue) {
      if (!queue.isEmpty()) {
        queue.sweep(System.nanoTime(), dead);
      }
    }
    dead.forEach(this::bury);
  }

  /** Under the lock: has the next batch run, at once or when its oldest has waited long enough. */
  private void wake(long now) {
    if (scheduled || lost || idle.isEmpty() || queue.isEmpty()) {
      return;
    }
    boolean full = retired || queue.rows() >= maxBatch;
    long wait = delayNanos == 0 || full ? 0 : queue.oldestNanos() + delayNanos - now;
    if (wait <= 0) {
      scheduled = true;
      workplace.lane().execute(() -> runBatch(true));
    } else if (!timed) {
      timed = true;
      workplace.timer().schedule(this::waited, wait, TimeUnit.NANOSECONDS);
    }
  }

  private void waited() {
    synchronized (queue) {
      timed = false;
      wake(System.nanoTime());
    }
  }

  /** In its turn, or before the one that is scheduled. */
  private void runBatch(boolean itsTurn) {
    List<Question> batch = new ArrayList<>();
    List<Question> dead = new ArrayList<>(0);
    long began;
    PlanSet plans;
    synchronized (queue) {
      began = System.nanoTime();
      scheduled &= !itsTurn;
      if (!lost) {
        queue.take(maxBatch, began, batch, dead);
      }
      plans = idle.pop();
      wake(began);
    }
    try {
      run(plans, batch, dead, began);
    } finally {
      synchronized (queue) {
        idle.push(plans);
        wake(System.nanoTime());
        endIfDone();
      }
    }
  }

  private void run(PlanSet plans, List<Question> batch, List<Question> dead, long began) {
    FailureException failure = null;
    try {
      if (!batch.isEmpty()) {
        plans.run(batch, tallies);
      }
    } catch (DeviceLostException e) {
      synchronized (queue) {
        lost = true;
        queue.putBack(batch);
      }
      workplace.home().execute(() -> dead.forEach(this::bury));
      workplace.whenLost().accept(e);
      return;
    } catch (RuntimeException | Error e) {
      LOG.error("a batch of {} failed", model.card().name(), e);
      failure =
          Failure.MODEL_ERROR.because("the model could not be run; the log of the server says why");
    }
    FailureException reason = failure;
    long ended = System.nanoTime();
    workplace.home().execute(() -> deliver(batch, dead, reason, began, ended));
  }

  private void deliver(
      List<Question> batch, List<Question> dead, FailureException failure, long began, long ended) {
    dead.forEach(this::bury);
    if (!batch.isEmpty()) {
      tallies.ran(batch, began, ended);
    }
    long now = System.nanoTime();
    for (Question question : batch) {
      FailureException reason = failure;
      if (reason == null && !finite(question.predictions())) {
        reason = Failure.MODEL_ERROR.because("the model's answer to this input is not a number");
      }
      tallies.ended(reason == null ? Outcome.OK : Outcome.ERROR, now - question.arrivalNanos());
      if (reason == null) {
        question.promise().complete(reply(question));
      } else {
        question.promise().fail(reason);
      }
    }
  }

  private void bury(Question question) {
    boolean gone = question.gone();
    tallies.ended(
        gone ? Outcome.CLIENT_GONE : Outcome.DEADLINE, System.nanoTime() - question.arrivalNanos());
    question
        .promise()
        .fail(
            gone
                ? Failure.CLIENT_GONE.because("whoever asked has gone")
                : Failure.DEADLINE_EXCEEDED.because("the request waited longer than it may"));
  }

  private PredictReply reply(Question question) {
    ModelCard card = model.card();
    return new PredictReply(
        card.name(),
        card.version(),
        question.rows(),
        question.predictions(),
        PredictReply.Source.MODEL);
  }

  private static boolean finite(float[] values) {
    float sum = 0;
    for (float value : values) {
      sum += value;
    }
    return Float.isFinite(sum);
  }

  /**
   * Runs what waits and frees the plans; nothing may be submitted any more.
   *
   * @param next takes what cannot be run because the device was lost; null where there is none
   * @return when the memory is free
   */
  Future<Void> retire(Batcher next) {
    synchronized (queue) {
      retired = true;
      heir = next;
      wake(System.nanoTime());
      endIfDone();
    }
    return closed.future();
  }

  /** Under the lock. */
  private void endIfDone() {
    boolean done = !scheduled && idle.size() == sets && (lost || queue.isEmpty());
    if (retired && done && !ended) {
      ended = true;
      workplace.closing().execute(this::end);
    }
  }

  private void end() {
    List<Question> left = new ArrayList<>();
    synchronized (queue) {
      queue.drainTo(left);
    }
    try {
      idle.forEach(PlanSet::close);
    } catch (RuntimeException | Error e) {
      LOG.error("the memory of {} was not freed", model.card().name(), e);
    }
    workplace
        .home()
        .execute(
            () -> {
              left.forEach(this::bequeath);
              closed.complete();
            });
  }

  private void bequeath(Question question) {
    if (heir == null) {
      tallies.ended(Outcome.ERROR, System.nanoTime() - question.arrivalNanos());
      question.promise().fail(Failure.MODEL_ERROR.because("the device was lost"));
    } else {
      synchronized (heir.queue) {
        heir.queue.add(question);
        heir.wake(System.nanoTime());
      }
    }
  }
}
