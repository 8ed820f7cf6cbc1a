package io.retort.http;

import io.retort.bus.Failure;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Which predictions are let in. One too many is told to come back, at the price of its answer
 * alone: what an overloaded node accepts it answers in time. Bounded are those that wait for their
 * answers, and the time for which one turn of the event loop is held up by predictions: whoever
 * stands behind that long a turn, in a socket that was not read yet, has waited already. For one
 * thread.
 */
final class Admission {
  private final int most;
  private final long turnNanos;
  private final Consumer<Runnable> atTurnsEnd;
  private final Runnable end = () -> turning = false;
  private int inFlight;
  private boolean turning;
  private long began;

  /**
   * Nobody is in yet.
   *
   * @param atTurnsEnd runs a task when the event loop has read all sockets that were ready
   */
  Admission(int most, int turnMillis, Consumer<Runnable> atTurnsEnd) {
    this.most = most;
    this.turnNanos = TimeUnit.MILLISECONDS.toNanos(turnMillis);
    this.atTurnsEnd = atTurnsEnd;
  }

  boolean full() {
    return inFlight >= most || late();
  }

  private boolean late() {
    if (turning) {
      return System.nanoTime() - began > turnNanos;
    }
    turning = true;
    began = System.nanoTime();
    atTurnsEnd.accept(end);
    return false;
  }

  /** Whether the request was let in; who was {@link #leave leaves} once it is answered. */
  boolean enter(HttpServerRequest request) {
    if (inFlight >= most) {
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
        "this node has more predictions to answer than it can in time; come back later");
  }
}
