package io.retort.inference;

import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.vertx.core.Promise;

/**
 * A request on its way through the batcher: what was asked, until when, and where the answer goes.
 */
final class Question {
  private final PredictRequest request;
  private final long deadlineNanos;
  private final float[] predictions;
  private final Promise<PredictReply> promise = Promise.promise();

  Question(PredictRequest request, int classes, long deadlineNanos) {
    this.request = request;
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

  boolean expired(long now) {
    return now - deadlineNanos > 0;
  }

  Promise<PredictReply> promise() {
    return promise;
  }
}
