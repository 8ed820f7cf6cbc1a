package io.retort.http;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.retort.bus.Failure;
import io.retort.metrics.Meters;
import io.retort.metrics.Recorder;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Shareable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/** What every HTTP verticle of a process counts, together. */
final class HttpMeters implements Shareable {
  private static final String NAME = "retort.http.meters";
  private static final int LEAST_STATUS = 100;
  private static final int STATUSES = 500;

  final LongAdder inFlight = new LongAdder();
  final LongAdder connections = new LongAdder();
  final LongAdder feeds = new LongAdder();
  final LongAdder droppedFrames = new LongAdder();
  final LongAdder droppedLines = new LongAdder();
  private final LongAdder[] failures = new LongAdder[Failure.values().length];
  private final Map<String, AtomicReferenceArray<Recorder>> requests = new ConcurrentHashMap<>();
  private final Vertx vertx;

  private HttpMeters(Vertx vertx) {
    this.vertx = vertx;
    for (int i = 0; i < failures.length; i++) {
      failures[i] = new LongAdder();
    }
    Meters.later(vertx, this::register);
  }

  static HttpMeters of(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, HttpMeters>getLocalMap(NAME)
        .computeIfAbsent(NAME, first -> new HttpMeters(vertx));
  }

  private void register(MeterRegistry registry) {
    gauge(registry, "retort.http.requests.active", "requests without an answer yet", inFlight);
    gauge(registry, "retort.http.connections", "open connections", connections);
    gauge(registry, "retort.http.feeds", "WebSocket clients of the progress feed", feeds);
    counter(
        registry,
        "retort.http.feed.dropped",
        "frames that a slow reader of the feed did not get",
        droppedFrames);
    counter(
        registry,
        "retort.http.access.log.dropped",
        "lines of the access log that were not written",
        droppedLines);
    for (Failure failure : Failure.values()) {
      FunctionCounter.builder("retort.http.errors", failures[failure.ordinal()], LongAdder::sum)
          .description("requests that were answered with an error")
          .tag("code", failure.code())
          .register(registry);
    }
  }

  private static void gauge(MeterRegistry registry, String name, String what, LongAdder count) {
    Gauge.builder(name, count, LongAdder::sum).description(what).register(registry);
  }

  private static void counter(MeterRegistry registry, String name, String what, LongAdder count) {
    FunctionCounter.builder(name, count, LongAdder::sum).description(what).register(registry);
  }

  /**
   * Counts a request that has its answer.
   *
   * @param route the template of its path, never the path
   */
  void answered(String route, int status, long nanos) {
    AtomicReferenceArray<Recorder> recorders = requests.get(route);
    int index = Math.min(Math.max(status - LEAST_STATUS, 0), STATUSES - 1);
    Recorder recorder = recorders == null ? null : recorders.get(index);
    (recorder == null ? first(route, index) : recorder).record(nanos);
  }

  private synchronized Recorder first(String route, int index) {
    AtomicReferenceArray<Recorder> recorders =
        requests.computeIfAbsent(route, unseen -> new AtomicReferenceArray<>(STATUSES));
    if (recorders.get(index) == null) {
      String status = Integer.toString(index + LEAST_STATUS);
      recorders.set(
          index,
          Recorder.durations(
              vertx,
              "retort.http.requests",
              "requests, from the head to the end of the answer",
              "route",
              route,
              "status",
              status));
    }
    return recorders.get(index);
  }

  void failed(Failure failure) {
    failures[failure.ordinal()].increment();
  }
}
