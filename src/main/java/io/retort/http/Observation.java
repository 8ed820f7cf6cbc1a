package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.PredictReply;
import io.retort.bus.Trace;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.ThreadLocalRandom;

/** One request from its head to the end of its answer, or to the loss of its client. */
final class Observation implements Handler<Void> {
  private static final CharSequence REQUEST_ID = HttpHeaders.createOptimized("x-request-id");
  private static final String UNMATCHED = "unmatched";
  private static final int MAX_ID = 128;
  private static final int SWITCHING_PROTOCOLS = 101;

  private final long began = System.nanoTime();
  private final HttpServerRequest request;
  private final HttpMeters meters;
  private final AccessLog log;
  private String route = UNMATCHED;
  private RoutingContext routed;
  private Failure failure;
  private PredictReply reply;

  Observation(HttpServerRequest request, HttpMeters meters, AccessLog log) {
    this.request = request;
    this.meters = meters;
    this.log = log;
  }

  /** The observation of {@code request}, or null where nobody watches. */
  static Observation of(HttpServerRequest request) {
    return ObservationLocal.LOCAL.get(context(request));
  }

  private static ContextInternal context(HttpServerRequest request) {
    return ((HttpServerRequestInternal) request).context();
  }

  void begin() {
    ObservationLocal.LOCAL.put(context(request), this);
    meters.inFlight.increment();
    HttpServerResponse response = request.response();
    response.endHandler(this);
    String id = request.getHeader(REQUEST_ID);
    if (id != null && legal(id)) {
      response.putHeader(REQUEST_ID, id);
    } else if (log != null) {
      id();
    }
  }

  private static boolean legal(String id) {
    return !id.isEmpty()
        && id.length() <= MAX_ID
        && id.chars().allMatch(letter -> letter > ' ' && letter <= '~');
  }

  /** The id of the request: its own, or one that is made now and told to the client. */
  String id() {
    HttpServerResponse response = request.response();
    String id = response.headers().get(REQUEST_ID);
    if (id == null) {
      id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
      if (!response.headWritten()) {
        response.putHeader(REQUEST_ID, id);
      }
    }
    return id;
  }

  /** What tells this request from others in a line of the log. */
  String names() {
    Trace trace = Trace.of(context(request));
    return "request " + id() + (trace == null ? "" : ", trace " + trace.id());
  }

  /** The template of the path, for a request that does not go through the router. */
  Observation route(String template) {
    route = template;
    return this;
  }

  void routed(RoutingContext context) {
    routed = context;
  }

  void failed(Failure reason) {
    failure = reason;
    id();
  }

  void answered(PredictReply answer) {
    reply = answer;
  }

  /** The request has become a WebSocket, which is nobody's answer any more. */
  void upgraded() {
    end(SWITCHING_PROTOCOLS);
  }

  @Override
  public void handle(Void ended) {
    HttpServerResponse response = request.response();
    boolean gone = !response.ended();
    if (gone) {
      failure = Failure.CLIENT_GONE;
    }
    end(gone ? failure.status() : response.getStatusCode());
  }

  private void end(int status) {
    long nanos = System.nanoTime() - began;
    meters.inFlight.decrement();
    meters.answered(template(), status, nanos);
    if (failure != null) {
      meters.failed(failure);
    }
    if (log != null) {
      log(status, nanos);
    }
  }

  private String template() {
    Route last = routed == null ? null : routed.currentRoute();
    String path = last == null ? null : last.getPath();
    return path == null ? route : path;
  }

  private void log(int status, long nanos) {
    Trace trace = Trace.of(context(request));
    SocketAddress remote = request.remoteAddress();
    log.offer(
        new AccessLog.Line(
            System.currentTimeMillis(),
            id(),
            trace == null ? null : trace.id(),
            remote == null ? null : remote.hostAddress(),
            request.method().name(),
            request.path(),
            status,
            failure == null ? null : failure.code(),
            request.bytesRead(),
            request.response().bytesWritten(),
            nanos / 1000,
            reply == null ? null : reply.model(),
            reply == null ? null : reply.version(),
            reply == null ? null : reply.source().word()));
  }
}
