package io.retort.http;

import io.retort.config.HttpConfig;
import io.vertx.core.http.HttpConnection;

/** Counts the open connections of one server, and closes those that are too many. */
final class Connections {
  private final HttpConfig config;
  private final HttpMeters meters;
  private int open;

  Connections(HttpConfig config, HttpMeters meters) {
    this.config = config;
    this.meters = meters;
  }

  void opened(HttpConnection connection) {
    if (open >= config.maxConnections()) {
      connection.close();
      return;
    }
    open++;
    Farewell.prepare(connection, config.lingerMillis());
    meters.connections.increment();
    connection.closeHandler(closed -> ended());
  }

  /** One has become a WebSocket, whose number has a limit of its own: as HTTP it is over. */
  void upgraded() {
    ended();
  }

  private void ended() {
    open--;
    meters.connections.decrement();
  }
}
