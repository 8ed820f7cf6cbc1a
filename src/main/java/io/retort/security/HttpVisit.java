package io.retort.security;

import io.vertx.core.http.HttpServerRequest;

/**
 * A request that came by HTTP, or by a protocol on top of it.
 *
 * @param checksBody whether its body will be held against what was signed
 */
public record HttpVisit(HttpServerRequest request, boolean checksBody) implements Visit {
  @Override
  public String header(String name) {
    return request.getHeader(name);
  }

  @Override
  public String address() {
    return request.remoteAddress().hostAddress();
  }

  @Override
  public String method() {
    return request.method().name();
  }

  @Override
  public String target() {
    return request.uri();
  }
}
