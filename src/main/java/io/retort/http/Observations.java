package io.retort.http;

import io.retort.bus.Trace;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;

/** Watches the requests of one HTTP verticle: the meters and, where it is wanted, the log. */
final class Observations {
  private static final String OFF = "off";
  final HttpMeters meters;
  private final Vertx vertx;
  private final AccessLog log;

  /**
   * Begins to watch.
   *
   * @param accessLog a file, {@code -} for the standard output stream, or {@code off}
   */
  Observations(Vertx vertx, String accessLog) {
    this.vertx = vertx;
    this.meters = HttpMeters.of(vertx);
    this.log = accessLog.equals(OFF) ? null : AccessLog.open(accessLog, meters.droppedLines);
  }

  /** To be called first for every request; the end is noticed. */
  Observation begin(HttpServerRequest request) {
    Observation observation = new Observation(request, meters, log);
    observation.begin();
    if (log != null && Trace.current() == null) {
      Trace.begin(vertx.getOrCreateContext());
    }
    return observation;
  }

  /** Notices which route a request takes: to be mounted before all others. */
  void mount(Router router) {
    router
        .route()
        .handler(
            context -> {
              Observation observation = Observation.of(context.request());
              if (observation != null) {
                observation.routed(context);
              }
              context.next();
            });
  }

  /** Completes when every line of the log is written. */
  Future<Void> close() {
    return log == null
        ? Future.succeededFuture()
        : vertx.executeBlocking(
            () -> {
              log.close();
              return null;
            });
  }
}
