package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes answers: JSON, and for every error {@code {"error":"a sentence","code":"a_word"}}. */
final class Answers {
  private static final Logger LOG = LoggerFactory.getLogger(Answers.class);
  private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");

  private Answers() {}

  static void json(HttpServerRequest request, int status, Buffer body) {
    HttpServerResponse response = request.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response.setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, JSON).end(body);
  }

  static void json(HttpServerRequest request, int status, JsonObject body) {
    json(request, status, body.toBuffer());
  }

  static void failure(HttpServerRequest request, Failure failure, String sentence) {
    Observation observation = Observation.of(request);
    if (observation != null) {
      observation.failed(failure);
    }
    if (failure == Failure.QUEUE_FULL) {
      request.response().putHeader("retry-after", "1");
    } else if (failure.status() == 401) {
      request.response().putHeader("www-authenticate", "Bearer realm=\"retort\"");
    }
    json(
        request,
        failure.status(),
        new JsonObject().put("error", sentence).put("code", failure.code()));
  }

  /** Answers with the reason if it is meant for the asker; anything else is only logged. */
  static void failure(HttpServerRequest request, Throwable cause) {
    if (cause instanceof FailureException known) {
      if (known.retrySeconds() > 0) {
        request.response().putHeader("retry-after", Integer.toString(known.retrySeconds()));
      }
      failure(request, known.failure(), known.getMessage());
    } else {
      LOG.error("{} {} failed; {}", request.method(), request.path(), names(request), cause);
      failure(
          request,
          Failure.INTERNAL,
          "something went wrong inside; the log of the server says what");
    }
  }

  private static String names(HttpServerRequest request) {
    Observation observation = Observation.of(request);
    return observation == null ? "" : observation.names();
  }
}
