package io.retort.http;

import io.retort.bus.Failure;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Consumer;

/**
 * Which predictions are let in. One too many is told to come back, at the price of its answer
 * alone: what an overloaded node accepts it answers in time. Counted are those that wait for their
 * answers, and those that were answered in this turn of the event loop: where the model computes on
 * the loop itself, requests wait in sockets that the turn has yet to read. For one thread.
 */
final class Admission {
  private final int most;
  private final Consumer<Runnable> atTurnsEnd;
  private final Runnable end = this::endTurn;
  private int inFlight;
  private int answered;
  private boolean turning;

  /**
   * Nobody is in yet.
   *
   * @param atTurnsEnd runs a task when the event loop has read all sockets that were ready
   */
  Admission(int most, Consumer<Runnable> atTurnsEnd) {
    this.most = most;
    this.atTurnsEnd = atTurnsEnd;
  }

  boolean full() {
    return inFlight + answered >= most;
  }

  /** Whether the request was let in; who was {@link #leave leaves} once it is answered. */
  boolean enter(HttpServerRequest request) {
    if (full()) {
      refuse(request);
      return false;
    }
    inFlight++;
    if (!turning) {
      turning = true;
      atTurnsEnd.accept(end);
    }
    return true;
  }

  void leave() {
    inFlight--;
    answered += turning ? 1 : 0;
  }

  private void endTurn() {
    turning = false;
    answered = 0;
  }

  /** Sends a request away, read or unread: the connection serves the next one. */
  void refuse(HttpServerRequest request) {
    Answers.failure(
        request,
        Failure.QUEUE_FULL,
        "this node has more predictions to answer than it can in time; come back later");
  }
}
