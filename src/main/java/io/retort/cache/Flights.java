package io.retort.cache;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.Predictions;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Asks the model, once for all who ask the same at the same time. What only the first of them is
 * refused (it went away, or its time was over) the others ask again. For one thread.
 */
final class Flights {
  private final Map<AnswerKey, Flight> underWay = new HashMap<>();
  private final Predictions model;
  private final Tally tally;
  private final BiConsumer<AnswerKey, PredictReply> landed;

  /** {@code landed} is told every answer before who waits for it. */
  Flights(Predictions model, Tally tally, BiConsumer<AnswerKey, PredictReply> landed) {
    this.model = model;
    this.tally = tally;
    this.landed = landed;
  }

  /** The answer of the key's version, or of another if that does not answer any more. */
  Future<PredictReply> ask(AnswerKey key, PredictRequest request) {
    Flight flight = underWay.get(key);
    if (flight == null) {
      tally.misses.increment();
      return depart(key, request)
          .recover(
              failure -> moved(failure, key, request) ? model.askModel(request) : failed(failure));
    }
    tally.shared.increment();
    long joined = System.nanoTime();
    return flight
        .join(request.asker())
        .recover(
            failure ->
                moved(failure, key, request)
                    ? model.askModel(request)
                    : again(failure, key, request, joined));
  }

  /** Asks anew what only the first asker was refused, in the time that this one has left. */
  private Future<PredictReply> again(
      Throwable failure, AnswerKey key, PredictRequest request, long joined) {
    boolean anothers =
        failure instanceof FailureException known
            && (known.failure() == Failure.CLIENT_GONE
                || known.failure() == Failure.DEADLINE_EXCEEDED);
    if (!anothers || request.asker().gone()) {
      return failed(failure);
    }
    if (request.timeoutMillis() == 0) {
      return ask(key, request);
    }
    long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - joined);
    long left = request.timeoutMillis() - waited;
    return left > 0
        ? ask(key, request.within(left))
        : failed(Failure.DEADLINE_EXCEEDED.because("the request waited longer than it may"));
  }

  private Future<PredictReply> depart(AnswerKey key, PredictRequest request) {
    Flight flight = new Flight(request.asker());
    underWay.put(key, flight);
    Future<PredictReply> reply =
        model
            .askModel(request.to(key.model(), key.version()).askedBy(flight))
            .andThen(
                (answer, failure) -> {
                  underWay.remove(key);
                  if (failure == null && answer.version().equals(key.version())) {
                    landed.accept(key, answer);
                  }
                });
    flight.begin(reply);
    return reply;
  }

  /** Whether the version that was chosen for a request has stopped answering on the way to it. */
  private static boolean moved(Throwable failure, AnswerKey key, PredictRequest request) {
    return failure instanceof FailureException known
        && known.failure() == Failure.UNKNOWN_VERSION
        && !key.version().equals(request.version());
  }

  private static Future<PredictReply> failed(Throwable failure) {
    return Future.failedFuture(failure);
  }
}
