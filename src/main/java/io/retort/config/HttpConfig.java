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
 * @param idleTimeoutSeconds a connection without traffic, or whose next request does not come
 *     whole, is closed; 0 never
 * @param drainMillis how long new connections are still taken when the node stops, for those who
 *     ask {@code /health/ready} to notice
 * @param lingerMillis how long a client that stays silent is waited for after that
 * @param shutdownSeconds how long requests in progress may take after that
 * @param maxFeeds WebSocket clients at a time
 * @param accessLog a file for a line of JSON a request, {@code -} for the standard output stream,
 *     or {@code off}
 * @param maxLineBytes a longer request line is refused
 * @param maxHeaderBytes more bytes of headers are refused
 * @param bodyTimeoutSeconds by when a body must have come whole; 0 for any time
 * @param maxConnections open at a time, of one instance; one more is closed at once
 * @param maxInFlight predictions that may wait for their answers at a time, of one instance, with
 *     those that were answered in the same turn of its event loop; one more is refused at once
 * @param maxImagePixels that the pictures of one {@code /predict} may have together
 */
public record HttpConfig(
    String host,
    int port,
    int maxBodyBytes,
    int maxRows,
    int requestTimeoutMillis,
    int idleTimeoutSeconds,
    int drainMillis,
    int lingerMillis,
    int shutdownSeconds,
    int maxFeeds,
    String accessLog,
    int maxLineBytes,
    int maxHeaderBytes,
    int bodyTimeoutSeconds,
    int maxConnections,
    int maxInFlight,
    int maxImagePixels) {

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
            limits.integer("drainMillis", 0, 0, 3_600_000),
            limits.integer("lingerMillis", 1000, 0, 60_000),
            limits.integer("shutdownSeconds", 30, 0, 3600),
            limits.integer("maxFeeds", 1000, 0, 1_000_000),
            fields.text("accessLog", "off"),
            limits.integer("maxLineBytes", 4096, 64, 1 << 20),
            limits.integer("maxHeaderBytes", 8192, 256, 1 << 20),
            limits.integer("bodyTimeoutSeconds", 30, 0, 3600),
            limits.integer("maxConnections", 10_000, 1, 1_000_000),
            limits.integer("maxInFlight", 1024, 1, 1_000_000),
            limits.integer("maxImagePixels", 1 << 22, 1, 1 << 28));
    fields.end();
    return config;
  }
}
