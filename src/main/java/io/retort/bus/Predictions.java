package io.retort.bus;

import io.vertx.core.Future;

/**
 * Asks the cache where there is one, else the model. A cache that did not answer is left alone for
 * a second. For one thread.
 */
public final class Predictions {
  private static final long CACHE_PAUSE_NANOS = 1_000_000_000L;

  private final Bus bus;
  private boolean cacheGone;
  private long cacheGoneSince;

  public Predictions(Bus bus) {
    this.bus = bus;
  }

  /** The future fails with a {@link FailureException}: NOT_READY where nobody answers. */
  public Future<PredictReply> ask(PredictRequest question) {
    if (cacheGone && System.nanoTime() - cacheGoneSince < CACHE_PAUSE_NANOS) {
      return askModel(question);
    }
    cacheGone = false;
    return bus.request(Addresses.CACHE_PREDICT, question)
        .recover(
            failure -> {
              if (!unavailable(failure)) {
                return Future.failedFuture(failure);
              }
              cacheGone = true;
              cacheGoneSince = System.nanoTime();
              return askModel(question);
            });
  }

  /** What the cache knows of a raw body; fails with UNAVAILABLE where it knows none. */
  public Future<Recollection> recall(Recall body) {
    return bus.request(Addresses.CACHE_RECALL, body);
  }

  /** As {@link #ask}, of a request whose body the cache did not know. */
  public Future<PredictReply> ask(Lesson lesson) {
    return bus.request(Addresses.CACHE_LEARN, lesson)
        .recover(
            failure -> unavailable(failure) ? ask(lesson.request()) : Future.failedFuture(failure));
  }

  /** Asks past the cache. */
  public Future<PredictReply> askModel(PredictRequest question) {
    return bus.request(Addresses.PREDICT, question)
        .recover(
            failure ->
                Future.failedFuture(
                    unavailable(failure)
                        ? Failure.NOT_READY.because("no model answers yet")
                        : failure));
  }

  private static boolean unavailable(Throwable failure) {
    return failure instanceof FailureException known && known.failure() == Failure.UNAVAILABLE;
  }
}
