package io.retort.config;

import io.retort.json.Fields;
import java.util.Map;

/**
 * Settings of the HTTP verticle.
 *
 * @param port 0 takes any free one
 * @param maxBodyBytes a longer body is refused without being read
 * @param maxRows rows of one {@code /predict}
 * @param requestTimeoutMillis how long {@code /predict} waits for its answer
 * @param idleTimeoutSeconds a connection without traffic is closed; 0 never
 * @param shutdownSeconds how long requests in progress may take when the node stops
 * @param maxFeeds WebSocket clients at a time
 */
public record HttpConfig(
    String host,
    int port,
    int maxBodyBytes,
    int maxRows,
    int requestTimeoutMillis,
    int idleTimeoutSeconds,
    int shutdownSeconds,
    int maxFeeds) {

  /** Reads the settings; what is missing takes its default. */
  public static HttpConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("http", values);
    Limits limits = new Limits(fields);
    HttpConfig config =
        new HttpConfig(
            fields.text("host", "127.0.0.1"),
            limits.integer("port", 5000, 0, 65535),
            limits.integer("maxBodyBytes", 8 << 20, 1, 1 << 30),
            limits.integer("maxRows", 1024, 1, 1 << 20),
            limits.integer("requestTimeoutMillis", 10_000, 1, 600_000),
            limits.integer("idleTimeoutSeconds", 120, 0, 86_400),
            limits.integer("shutdownSeconds", 30, 0, 3600),
            limits.integer("maxFeeds", 1000, 0, 1_000_000));
    fields.end();
    return config;
  }
}
