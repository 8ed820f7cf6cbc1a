package io.retort.inference;

import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.vertx.core.Promise;

/**
 * A request on its way through the batcher: what was asked, when, until when, and where the answer
 * goes.
 */
final class Question {
  private final PredictRequest request;
  private final long arrivalNanos;
  private final long deadlineNanos;
  private final float[] predictions;
  private final Promise<PredictReply> promise = Promise.promise();

  Question(PredictRequest request, int classes, long arrivalNanos, long deadlineNanos) {
    this.request = request;
    this.arrivalNanos = arrivalNanos;
    this.deadlineNanos = deadlineNanos;
    this.predictions = new float[request.rows() * classes];
  }

  int rows() {
    return request.rows();
  }

  float[] features() {
    return request.features();
  }

  float[] predictions() {
    return predictions;
  }

  long arrivalNanos() {
    return arrivalNanos;
  }

  /** Whether nobody can use its answer any more. */
  boolean dead(long now) {
    return now - deadlineNanos > 0 || request.asker().gone();
  }

  boolean gone() {
    return request.asker().gone();
  }

  Promise<PredictReply> promise() {
    return promise;
  }
}
