package io.retort.security;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;

/**
 * What a route asks of its caller. {@link #of} is the one table of all routes: what it does not
 * know, it leaves to an admin, so a route that nobody entered is closed and not open.
 */
public enum Access {
  /** Nothing. */
  OPEN(null),
  /** A key, whatever its roles. */
  ANY(null),
  /** A key, unless {@code openMetrics} is set. */
  METRICS(null),
  PREDICT(Role.PREDICT),
  TRAIN(Role.TRAIN),
  ADMIN(Role.ADMIN);

  private static final String GRPC = "/inference.GRPCInferenceService/";
  private final Role role;

  Access(Role role) {
    this.role = role;
  }

  /** What {@code method} on {@code path}, a path without its query, asks for. */
  public static Access of(String method, String path) {
    if (path.equals("/predict")) {
      return PREDICT;
    }
    if (changesWhenCleaned(path)) {
      return ADMIN;
    }
    boolean read = method.equals("GET") || method.equals("HEAD");
    if (under(path, "/v2")) {
      return openInference(read, path);
    }
    if (under(path, "/v1/jobs") || path.equals("/v1/progress")) {
      return TRAIN;
    }
    if (under(path, "/v1/models")) {
      return read ? PREDICT : ADMIN;
    }
    if (path.startsWith(GRPC)) {
      return remoteProcedure(path.substring(GRPC.length()));
    }
    return read ? page(path) : ADMIN;
  }

  private static Access openInference(boolean read, String path) {
    if (read) {
      return path.equals("/v2/health/live") || path.equals("/v2/health/ready") ? OPEN : PREDICT;
    }
    return under(path, "/v2/models") && path.endsWith("/infer") ? PREDICT : ADMIN;
  }

  private static Access remoteProcedure(String name) {
    return switch (name) {
      case "ServerLive", "ServerReady" -> OPEN;
      case "ServerMetadata", "ModelReady", "ModelMetadata", "ModelInfer", "ModelStatistics" ->
          PREDICT;
      default -> ADMIN;
    };
  }

  private static Access page(String path) {
    return switch (path) {
      case "/health/live", "/health/ready", "/", "/openapi.yaml" -> OPEN;
      case "/health" -> ANY;
      case "/metrics" -> METRICS;
      default -> under(path, "/docs") || under(path, "/dashboard") ? OPEN : ADMIN;
    };
  }

  private static boolean under(String path, String room) {
    return path.startsWith(room)
        && (path.length() == room.length() || path.charAt(room.length()) == '/');
  }

  /**
   * Whether a router may read the path as another one: {@code /docs/../v1/jobs}, {@code //v1/jobs},
   * {@code /v1/%6aobs}. No route of ours needs such a path.
   */
  private static boolean changesWhenCleaned(String path) {
    return path.indexOf('%') >= 0
        || path.indexOf('\\') >= 0
        || path.contains("//")
        || path.contains("/.");
  }

  void require(Caller caller) {
    if (role != null && !caller.roles().contains(role) && !caller.roles().contains(Role.ADMIN)) {
      throw forbidden(caller);
    }
  }

  private FailureException forbidden(Caller caller) {
    return Failure.FORBIDDEN.because(
        "this route needs the role " + role.word() + ", which " + caller.name() + " does not have");
  }
}
