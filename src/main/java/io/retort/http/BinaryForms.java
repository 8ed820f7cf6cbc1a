package io.retort.http;

import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.LiveModel;
import io.retort.bus.PredictRequest;
import io.retort.config.HttpConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Reads bodies that are not JSON into rows for a model, which the query names: {@code
 * ?model=…&version=…}. Pictures are decoded on a worker thread, those of one request at a time.
 */
final class BinaryForms {
  private final Vertx vertx;
  private final LiveShapes models;
  private final Pictures pictures;
  private final int maxRows;
  private final long timeoutMillis;

  BinaryForms(Vertx vertx, Bus bus, HttpConfig config) {
    this.vertx = vertx;
    this.models = new LiveShapes(bus);
    this.pictures = new Pictures(config.maxImagePixels());
    this.maxRows = config.maxRows();
    this.timeoutMillis = config.requestTimeoutMillis();
  }

  /**
   * Fails with a FailureException for what cannot be read.
   *
   * @throws io.retort.bus.FailureException INVALID_REQUEST for a query that is none
   */
  Future<PredictRequest> read(
      HttpServerRequest request, BinaryForm form, Buffer body, String affinity) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    WaitingClient client = new WaitingClient(request.response());
    String name = parameter(request, "model");
    String version = parameter(request, "version");
    return models
        .find(name)
        .compose(
            model ->
                form == BinaryForm.NUMBERS
                    ? numbers(request, body, model)
                    : pixels(request, form, body, model, client, deadline))
        .map(
            rows ->
                new PredictRequest(
                    name,
                    version,
                    rows.count(),
                    rows.values(),
                    Math.max(1, millisUntil(deadline)),
                    affinity,
                    client));
  }

  private Future<Rows> numbers(HttpServerRequest request, Buffer body, LiveModel model) {
    return Future.succeededFuture(
        RawRows.read(body, parameter(request, "dtype"), model.features(), maxRows));
  }

  private Future<Rows> pixels(
      HttpServerRequest request,
      BinaryForm form,
      Buffer body,
      LiveModel model,
      WaitingClient client,
      long deadline) {
    PictureShape shape = PictureShape.of(model);
    boolean invert = flag("invert", parameter(request, "invert"));
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    return vertx.executeBlocking(
        () -> {
          if (client.gone()) {
            throw Failure.CLIENT_GONE.because("nobody waits for the answer any more");
          }
          if (millisUntil(deadline) <= 0) {
            throw Failure.DEADLINE_EXCEEDED.because("the request waited longer than it may");
          }
          return pictures.read(
              form == BinaryForm.FILES
                  ? FormFiles.read(body, type, maxRows)
                  : List.of(body.getBytes()),
              shape,
              invert);
        });
  }

  private static String parameter(HttpServerRequest request, String key) {
    try {
      return request.getParam(key);
    } catch (IllegalArgumentException broken) {
      throw Failure.INVALID_REQUEST.because("the query cannot be read: " + request.query());
    }
  }

  private static boolean flag(String key, String value) {
    if (value == null || value.equals("false")) {
      return false;
    }
    if (value.equals("true")) {
      return true;
    }
    throw Failure.INVALID_REQUEST.because(key + " must be true or false: " + value);
  }

  private static long millisUntil(long deadline) {
    return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
  }
}
