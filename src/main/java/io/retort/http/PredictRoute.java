package io.retort.http;

import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;

/**
 * {@code POST /predict}: asks the cache where there is one, else the model. This is the hot route:
 * it goes past the router, and its JSON is read and written by hand.
 */
final class PredictRoute {
  static final String PATH = "/predict";
  private static final long CACHE_PAUSE_NANOS = 1_000_000_000L;

  private final Bus bus;
  private final Body body;
  private final PredictParser parser;
  private final PredictWriter writer = new PredictWriter();
  private boolean cacheGone;
  private long cacheGoneSince;

  PredictRoute(Bus bus, Body body, PredictParser parser) {
    this.bus = bus;
    this.body = body;
    this.parser = parser;
  }

  void handle(HttpServerRequest request) {
    if (request.method() != HttpMethod.POST) {
      request.response().putHeader("allow", "POST");
      Answers.failure(
          request, Failure.METHOD_NOT_ALLOWED, PATH + " takes POST: " + request.method() + " came");
      return;
    }
    body.read(request, bytes -> predict(request, bytes));
  }

  private void predict(HttpServerRequest request, Buffer bytes) {
    PredictRequest question;
    try {
      question = parser.parse(bytes);
    } catch (FailureException refusal) {
      Answers.failure(request, refusal);
      return;
    }
    ask(question)
        .onComplete(
            (reply, failure) -> {
              if (failure == null) {
                Answers.json(request, 200, writer.write(reply));
              } else {
                Answers.failure(request, failure);
              }
            });
  }

  private Future<PredictReply> ask(PredictRequest question) {
    if (cacheGone && System.nanoTime() - cacheGoneSince < CACHE_PAUSE_NANOS) {
      return askModel(question);
    }
    cacheGone = false;
    return request(Addresses.CACHE_PREDICT, question)
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

  private Future<PredictReply> askModel(PredictRequest question) {
    return request(Addresses.PREDICT, question)
        .recover(
            failure ->
                Future.failedFuture(
                    unavailable(failure)
                        ? Failure.NOT_READY.because("no model answers yet")
                        : failure));
  }

  private Future<PredictReply> request(
      Address<PredictRequest, PredictReply> address, PredictRequest question) {
    return bus.request(address, question);
  }

  private static boolean unavailable(Throwable failure) {
    return failure instanceof FailureException known && known.failure() == Failure.UNAVAILABLE;
  }
}
