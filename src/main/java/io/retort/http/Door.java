package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.config.SecurityConfig;
import io.retort.security.Access;
import io.retort.security.Guard;
import io.retort.security.HttpVisit;
import io.retort.security.Origins;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/**
 * What every request passes before a route sees it: the caller's key and role, rates, and the pages
 * of other hosts. A request that may not go on is answered here.
 */
final class Door {
  private static final String CONTENT_HASH = "x-retort-content-sha256";
  private static final String EXPOSED =
      "location, retry-after, inference-header-content-length, x-request-id";

  /** A body whose length has no more digits is dropped and its connection kept. */
  private static final int SHORT_DIGITS = 5;

  private final Vertx vertx;
  private final Guard guard;
  private final Origins origins;
  private final boolean ajar;

  private Door(Vertx vertx, Guard guard, Origins origins) {
    this.vertx = vertx;
    this.guard = guard;
    this.origins = origins;
    this.ajar = !guard.watches() && !origins.any();
  }

  /**
   * The door of a server on {@code host}.
   *
   * @throws IllegalArgumentException if that is open to strangers and nothing asks for a key
   */
  static Door of(Vertx vertx, String host) {
    Guard guard = Guard.of(vertx);
    guard.requireSafe("http", host);
    return new Door(vertx, guard, new Origins(SecurityConfig.of(vertx).corsOrigins()));
  }

  /** Whether the caller may; costs one look where security is off. */
  boolean admits(HttpServerRequest request) {
    return ajar || examines(request);
  }

  private boolean examines(HttpServerRequest request) {
    String origin = origins.any() ? request.getHeader(HttpHeaders.ORIGIN) : null;
    if (origin != null && origins.lists(origin)) {
      letRead(request, origin);
      if (isPreflight(request)) {
        answerPreflight(request);
        return false;
      }
    }
    try {
      if (guard.watches()) {
        Access access = Access.of(request.method().name(), request.path());
        guard.admit(new HttpVisit(request, true), access);
      }
      return true;
    } catch (FailureException refusal) {
      refuse(request, refusal);
      return false;
    }
  }

  /**
   * Keeps pages of other hosts from changing anything, and from WebSockets, for which browsers ask
   * nobody's leave.
   */
  boolean welcomes(HttpServerRequest request) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (origin == null || !origins.foreign(origin, request.authority())) {
      return true;
    }
    HttpMethod method = request.method();
    boolean reads =
        method == HttpMethod.GET || method == HttpMethod.HEAD || method == HttpMethod.OPTIONS;
    if (reads && request.getHeader(HttpHeaders.UPGRADE) == null) {
      return true;
    }
    refuse(
        request,
        Failure.FORBIDDEN.because(
            "a page of another host may not do this: security.corsOrigins lists those that may"));
    return false;
  }

  /** Whether the body is what was signed, if anything was. */
  boolean fits(HttpServerRequest request, Buffer body) {
    if (!guard.signs() || guard.fits(request.getHeader(CONTENT_HASH), body)) {
      return true;
    }
    Answers.failure(
        request,
        Failure.INVALID_SIGNATURE,
        "the body does not have the hash of " + CONTENT_HASH + ", which was signed");
    return false;
  }

  private static void letRead(HttpServerRequest request, String origin) {
    request
        .response()
        .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, origin)
        .putHeader(HttpHeaders.VARY, "origin")
        .putHeader(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
  }

  /** Whether the browser only asks if the page may. */
  private static boolean isPreflight(HttpServerRequest request) {
    return request.method() == HttpMethod.OPTIONS
        && request.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD) != null;
  }

  private static void answerPreflight(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    response
        .putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE")
        .putHeader(HttpHeaders.ACCESS_CONTROL_MAX_AGE, "3600");
    String asked = request.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
    if (asked != null) {
      response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    response.setStatusCode(204).end();
  }

  /** A body that is still to come, if it is long, is not waited for. */
  private void refuse(HttpServerRequest request, FailureException refusal) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    boolean endless = request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null;
    if (endless || length != null && length.length() > SHORT_DIGITS) {
      Body.refuse(vertx, request, refusal);
    } else {
      Answers.failure(request, refusal);
    }
  }
}
