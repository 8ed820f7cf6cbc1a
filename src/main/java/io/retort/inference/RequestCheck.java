package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictRequest;

/**
 * Whether a request fits the version that it asks; the message names both what must be and what
 * came.
 */
final class RequestCheck {
  private RequestCheck() {}

  /** What is wrong with a request, or null. */
  static FailureException refusal(PredictRequest request, WarmModel model, int maxRows) {
    int rows = request.rows();
    if (rows < 1 || request.features().length % rows != 0) {
      return Failure.INVALID_FEATURES.because(
          "features must be whole rows: " + rows + " rows came");
    }
    if (rows > maxRows) {
      return Failure.BATCH_TOO_LARGE.because(
          "a request may hold " + maxRows + " rows: " + rows + " came");
    }
    int numbers = request.features().length / rows;
    if (numbers != model.features()) {
      return Failure.INVALID_FEATURES.because(
          "features must be " + model.features() + " numbers a row: " + numbers + " came");
    }
    return null;
  }
}
