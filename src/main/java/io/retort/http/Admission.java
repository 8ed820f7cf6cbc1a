package io.retort.http;

import io.retort.bus.Failure;
import io.vertx.core.http.HttpServerRequest;

/**
 * How many predictions may wait for their answers at a time. One more is told to come back, at the
 * price of its answer alone: what an overloaded node accepts it answers in time. For one thread.
 */
final class Admission {
  private final int most;
  private int inFlight;

  Admission(int most) {
    this.most = most;
  }

  boolean full() {
    return inFlight >= most;
  }

  /** Whether the request was let in; who was {@link #leave leaves} once it is answered. */
  boolean enter(HttpServerRequest request) {
    if (full()) {
      refuse(request);
      return false;
    }
    inFlight++;
    return true;
  }

  void leave() {
    inFlight--;
  }

  /** Sends a request away, read or unread: the connection serves the next one. */
  void refuse(HttpServerRequest request) {
    Answers.failure(
        request,
        Failure.QUEUE_FULL,
        most + " predictions wait for their answers here; come back later");
  }
}
