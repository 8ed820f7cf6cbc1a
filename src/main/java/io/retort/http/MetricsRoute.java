package io.retort.http;

import io.retort.metrics.Meters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.MIMEHeader;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** {@code GET /metrics}: every meter in Prometheus's text, or OpenMetrics where it is preferred. */
final class MetricsRoute {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";
  private final Vertx vertx;

  MetricsRoute(Vertx vertx) {
    this.vertx = vertx;
  }

  void mount(Router router) {
    router.get("/metrics").handler(this::metrics);
  }

  private void metrics(RoutingContext context) {
    String type = openMetrics(context) ? OPEN_METRICS : TEXT;
    vertx
        .executeBlocking(() -> Meters.scrape(vertx, type), false)
        .onSuccess(text -> context.response().putHeader(HttpHeaders.CONTENT_TYPE, type).end(text))
        .onFailure(failure -> Answers.failure(context.request(), failure));
  }

  /** Whether it comes before plain text in the order of the client's preference. */
  private static boolean openMetrics(RoutingContext context) {
    for (MIMEHeader accepted : context.parsedHeaders().accept()) {
      if (accepted.subComponent().equals("openmetrics-text")) {
        return true;
      }
      if (accepted.component().equals("text") || accepted.component().equals("*")) {
        return false;
      }
    }
    return false;
  }
}
