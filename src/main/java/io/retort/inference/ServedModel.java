package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.Traffic;
import io.retort.json.Nearest;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * One model that answers: its versions, each behind its batcher, and which of them answers whom.
 * Used on the home executor alone.
 */
final class ServedModel {
  /** What is to be, as the roster says it. */
  record Line(String live, Traffic traffic, Map<String, Batcher> batchers, Shadow shadow) {
    Line {
      batchers = Map.copyOf(batchers);
    }
  }

  private final String name;
  private Line line;
  private Batcher only;
  private final Map<String, Batcher> leaving = new HashMap<>();

  ServedModel(String name) {
    this.name = name;
  }

  Line line() {
    return line;
  }

  void line(Line next) {
    line = next;
    Map<String, Integer> percent = next.traffic().percent();
    only = percent.size() == 1 ? next.batchers().get(percent.keySet().iterator().next()) : null;
  }

  /** What one row takes the live version, which there must be. */
  long nanosOfOne() {
    return line.batchers().get(line.live()).model().nanosOfOne();
  }

  /** Versions that answer those alone who had them named when they were still part of it. */
  Map<String, Batcher> leaving() {
    return leaving;
  }

  /** The answer of the version that the request names or the traffic chooses. */
  Future<PredictReply> predict(PredictRequest request, int maxRows, long now, long deadline) {
    Batcher batcher = batcher(request.version(), request.affinity());
    if (batcher == null) {
      return Future.failedFuture(unknown(request.version()));
    }
    FailureException refusal = RequestCheck.refusal(request, batcher.model(), maxRows);
    if (refusal != null) {
      return Future.failedFuture(refusal);
    }
    Future<PredictReply> reply = batcher.submit(request, now, deadline);
    Shadow shadow = line.shadow();
    if (shadow != null && line.traffic().percent().containsKey(batcher.model().card().version())) {
      reply.onSuccess(answer -> shadow.offer(request, answer));
    }
    return reply;
  }

  private Batcher batcher(String named, String affinity) {
    if (named == null) {
      return only != null ? only : shared(affinity);
    }
    Batcher batcher = line.batchers().get(named);
    if (batcher == null) {
      batcher = line.batchers().get(line.traffic().labels().getOrDefault(named, named));
    }
    return batcher != null ? batcher : leaving.get(named);
  }

  private Batcher shared(String affinity) {
    String version = line.traffic().version(null, affinity);
    return version == null ? null : line.batchers().get(version);
  }

  private FailureException unknown(String named) {
    if (named == null) {
      return Failure.NOT_READY.because("no version of " + name + " was promoted yet");
    }
    TreeSet<String> known = new TreeSet<>(line.batchers().keySet());
    known.addAll(line.traffic().labels().keySet());
    return Failure.UNKNOWN_VERSION.because(
        "version " + named + " of " + name + " is not loaded" + Nearest.hint(named, known));
  }
}
