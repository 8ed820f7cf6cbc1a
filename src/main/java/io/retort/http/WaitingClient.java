package io.retort.http;

import io.retort.bus.Asker;
import io.vertx.core.http.HttpServerResponse;

/**
 * The client of one request. It is gone once its connection is closed or, of HTTP/2, its stream is
 * reset.
 */
record WaitingClient(HttpServerResponse response) implements Asker {

  @Override
  public boolean gone() {
    return response.closed();
  }
}
