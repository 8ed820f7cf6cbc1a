package io.retort.config;

import io.retort.json.Fields;
import java.util.Map;

/**
 * Settings of the gRPC verticle.
 *
 * @param port null listens nowhere, 0 takes any free one
 * @param maxMessageBytes a longer message is refused without being read
 * @param maxRows rows of one {@code ModelInfer}
 * @param requestTimeoutMillis how long {@code ModelInfer} waits for its answer; a call's own
 *     deadline may be shorter
 * @param idleTimeoutSeconds a connection without traffic is closed; 0 never
 * @param shutdownSeconds how long calls in progress may take when the node stops
 */
public record GrpcConfig(
    String host,
    Integer port,
    int maxMessageBytes,
    int maxRows,
    int requestTimeoutMillis,
    int idleTimeoutSeconds,
    int shutdownSeconds) {

  /** Reads the settings; what is missing takes its default. */
  public static GrpcConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("grpc", values);
    Limits limits = new Limits(fields);
    GrpcConfig config =
        new GrpcConfig(
            fields.text("host", "127.0.0.1"),
            fields.has("port") ? (Integer) limits.integer("port", 0, 0, 65535) : null,
            limits.integer("maxMessageBytes", 8 << 20, 1, 1 << 30),
            limits.integer("maxRows", 1024, 1, 1 << 20),
            limits.integer("requestTimeoutMillis", 10_000, 1, 600_000),
            limits.integer("idleTimeoutSeconds", 120, 0, 86_400),
            limits.integer("shutdownSeconds", 30, 0, 3600));
    fields.end();
    return config;
  }
}
