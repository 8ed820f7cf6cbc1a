package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.model.ModelCard;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers questions into batches without ever waiting for one to fill: what queued up while a batch
 * ran is the next one. Questions come and answers go on the home executor; batches run on the lane,
 * one task after the other. Where both are the same event loop, a batch is what its sockets brought
 * in one turn.
 */
final class Batcher {
  private static final Logger LOG = LoggerFactory.getLogger(Batcher.class);

  private final WarmModel model;
  private final Executor lane;
  private final Executor home;
  private final int maxBatch;
  private final int maxQueuedRows;
  private final ArrayDeque<Question> queue = new ArrayDeque<>();
  private int queuedRows;
  private boolean scheduled;
  private volatile boolean retired;

  Batcher(WarmModel model, Executor lane, Executor home, int maxBatch, int maxQueuedRows) {
    this.model = model;
    this.lane = lane;
    this.home = home;
    this.maxBatch = maxBatch;
    this.maxQueuedRows = maxQueuedRows;
  }

  WarmModel model() {
    return model;
  }

  /** Queues a request that fits the model. */
  Future<PredictReply> submit(PredictRequest request, long deadlineNanos) {
    Question question = new Question(request, model.classes(), deadlineNanos);
    boolean wake;
    synchronized (queue) {
      if (queuedRows > 0 && queuedRows + request.rows() > maxQueuedRows) {
        return Future.failedFuture(
            Failure.QUEUE_FULL.because(
                "the queue of " + model.card().name() + " is full: " + queuedRows + " rows wait"));
      }
      queue.add(question);
      queuedRows += request.rows();
      wake = !scheduled;
      scheduled = true;
    }
    if (wake) {
      lane.execute(this::runBatch);
    }
    return question.promise().future();
  }

  /** Runs what waits and frees the model; nothing may be submitted any more. */
  void retire() {
    retired = true;
    lane.execute(
        () -> {
          boolean more = true;
          while (more) {
            more = runOnce();
          }
          model.close();
        });
  }

  private void runBatch() {
    if (runOnce() && !retired) {
      lane.execute(this::runBatch);
    }
  }

  /** Runs one batch; tells whether more waits. */
  private boolean runOnce() {
    List<Question> batch = new ArrayList<>();
    List<Question> late = new ArrayList<>(0);
    take(batch, late);
    FailureException failure = batch.isEmpty() ? null : compute(batch);
    home.execute(() -> deliver(batch, late, failure));
    synchronized (queue) {
      scheduled = !queue.isEmpty();
      return scheduled;
    }
  }

  private void take(List<Question> batch, List<Question> late) {
    long now = System.nanoTime();
    synchronized (queue) {
      int rows = 0;
      while (!queue.isEmpty() && (rows == 0 || rows + queue.peek().rows() <= maxBatch)) {
        Question next = queue.poll();
        queuedRows -= next.rows();
        if (next.expired(now)) {
          late.add(next);
        } else {
          batch.add(next);
          rows += next.rows();
        }
      }
    }
  }

  private FailureException compute(List<Question> batch) {
    try {
      model.run(batch);
      return null;
    } catch (RuntimeException e) {
      LOG.error("a batch of {} failed", model.card().name(), e);
      return Failure.MODEL_ERROR.because(
          "the model could not be run; the log of the server says why");
    }
  }

  private void deliver(List<Question> batch, List<Question> late, FailureException failure) {
    for (Question question : late) {
      question
          .promise()
          .fail(Failure.DEADLINE_EXCEEDED.because("the request waited longer than it may"));
    }
    for (Question question : batch) {
      if (failure != null) {
        question.promise().fail(failure);
      } else if (!finite(question.predictions())) {
        question
            .promise()
            .fail(Failure.MODEL_ERROR.because("the model's answer to this input is not a number"));
      } else {
        question.promise().complete(reply(question));
      }
    }
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
}
