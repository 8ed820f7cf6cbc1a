package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.device.DeviceLostException;
import io.retort.model.ModelCard;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers questions into batches without ever waiting for one to fill: what queued up while a batch
 * ran is the next one. Questions come and answers go on the home executor; batches run on the lane,
 * one task after the other. Where both are the same event loop, a batch is what its sockets brought
 * in one turn. Where the device is lost, nothing is: the questions wait for a batcher of another
 * device.
 */
final class Batcher {
  private static final Logger LOG = LoggerFactory.getLogger(Batcher.class);

  private final WarmModel model;
  private final Executor lane;
  private final Executor home;
  private final int maxBatch;
  private final int maxQueuedRows;
  private final Consumer<DeviceLostException> whenLost;
  private final ArrayDeque<Question> queue = new ArrayDeque<>();
  private int queuedRows;
  private boolean scheduled;
  private volatile boolean retired;
  private volatile boolean lost;

  /** {@code whenLost} is told on the home executor. */
  Batcher(
      WarmModel model,
      Executor lane,
      Executor home,
      int maxBatch,
      int maxQueuedRows,
      Consumer<DeviceLostException> whenLost) {
    this.model = model;
    this.lane = lane;
    this.home = home;
    this.maxBatch = maxBatch;
    this.maxQueuedRows = maxQueuedRows;
    this.whenLost = whenLost;
  }

  WarmModel model() {
    return model;
  }

  /** Queues a request that fits the model. */
  Future<PredictReply> submit(PredictRequest request, long deadlineNanos) {
    Question question = new Question(request, model.classes(), deadlineNanos);
    synchronized (queue) {
      if (queuedRows > 0 && queuedRows + request.rows() > maxQueuedRows) {
        return Future.failedFuture(
            Failure.QUEUE_FULL.because(
                "the queue of " + model.card().name() + " is full: " + queuedRows + " rows wait"));
      }
    }
    enqueue(question);
    return question.promise().future();
  }

  private void enqueue(Question question) {
    boolean wake;
    synchronized (queue) {
      queue.add(question);
      queuedRows += question.rows();
      wake = !scheduled;
      scheduled = true;
    }
    if (wake) {
      lane.execute(this::runBatch);
    }
  }

  /**
   * Runs what waits and frees the model; nothing may be submitted any more.
   *
   * @param heir takes what cannot be run because the device was lost; null where there is none
   */
  void retire(Batcher heir) {
    retired = true;
    lane.execute(
        () -> {
          boolean more = true;
          while (more) {
            more = runOnce();
          }
          model.close();
          home.execute(() -> bequeath(heir));
        });
  }

  private void bequeath(Batcher heir) {
    List<Question> left;
    synchronized (queue) {
      left = List.copyOf(queue);
      queue.clear();
    }
    for (Question question : left) {
      if (heir == null) {
        question.promise().fail(Failure.MODEL_ERROR.because("the device was lost"));
      } else {
        heir.enqueue(question);
      }
    }
  }

  private void runBatch() {
    if (runOnce() && !retired) {
      lane.execute(this::runBatch);
    }
  }

  /** Runs one batch; tells whether more waits. */
  private boolean runOnce() {
    if (lost) {
      return false;
    }
    List<Question> batch = new ArrayList<>();
    List<Question> late = new ArrayList<>(0);
    take(batch, late);
    try {
      FailureException failure = batch.isEmpty() ? null : compute(batch);
      home.execute(() -> deliver(batch, late, failure));
    } catch (DeviceLostException e) {
      putBack(batch);
      home.execute(() -> deliver(List.of(), late, null));
      home.execute(() -> whenLost.accept(e));
      return false;
    }
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

  /** To the queue's front, in its order; nobody is woken for it any more. */
  private void putBack(List<Question> batch) {
    synchronized (queue) {
      lost = true;
      for (int i = batch.size() - 1; i >= 0; i--) {
        queue.addFirst(batch.get(i));
        queuedRows += batch.get(i).rows();
      }
    }
  }

  private FailureException compute(List<Question> batch) {
    try {
      model.run(batch);
      return null;
    } catch (DeviceLostException e) {
      throw e;
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
