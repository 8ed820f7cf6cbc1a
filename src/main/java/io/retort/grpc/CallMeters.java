package io.retort.grpc;

import io.retort.metrics.Recorder;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** How the calls of one verticle end, and how long they take. */
final class CallMeters {
  private static final String UNKNOWN = "unknown";
  private static final int STATUSES = GrpcStatus.values().length;

  private final Vertx vertx;
  private final Set<String> methods;
  private final Map<String, Recorder[]> calls = new HashMap<>();

  /**
   * Meters of calls.
   *
   * @param methods those that there are, by full name; a call of another counts as {@code unknown}
   */
  CallMeters(Vertx vertx, Set<String> methods) {
    this.vertx = vertx;
    this.methods = methods;
  }

  void ended(String method, GrpcStatus status, long nanos) {
    String known = methods.contains(method) ? method : UNKNOWN;
    Recorder[] recorders = calls.computeIfAbsent(known, first -> new Recorder[STATUSES]);
    if (recorders[status.code] == null) {
      recorders[status.code] =
          Recorder.durations(
              vertx,
              "retort.grpc.calls",
              "calls, from their head to the end of the answer",
              "method",
              known.substring(known.indexOf('/') + 1),
              "status",
              status.name());
    }
    recorders[status.code].record(nanos);
  }
}
