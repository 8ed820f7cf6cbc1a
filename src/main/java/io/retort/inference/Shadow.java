package io.retort.inference;

import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.ShadowComparison;
import io.vertx.core.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A version that computes what others have answered, on a thread of its own, so that nobody waits
 * for it; what it cannot keep up with is dropped. Its forward passes are not among its version's
 * statistics.
 */
final class Shadow {
  /** Older questions say nothing of now. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Batcher batcher;
  private final LongAdder dropped = new LongAdder();
  private long rows;
  private long agreeing;
  private double divergence;
  private boolean closed;

  Shadow(Batcher batcher) {
    this.batcher = batcher;
  }

  WarmModel model() {
    return batcher.model();
  }

  String version() {
    return model().card().version();
  }

  /** Has the shadow compute the same rows, some time; on the home executor. */
  void offer(PredictRequest request, PredictReply answer) {
    if (closed) {
      return;
    }
    int numbers = request.features().length / request.rows();
    int classes = answer.predictions().length / answer.rows();
    if (numbers != model().features() || classes != model().classes()) {
      dropped.add(request.rows());
      return;
    }
    long now = System.nanoTime();
    PredictRequest same = new PredictRequest(null, null, request.rows(), request.features(), 0);
    batcher
        .submit(same, now, now + PATIENCE_NANOS)
        .onSuccess(own -> compare(answer.predictions(), own.predictions(), classes))
        .onFailure(missed -> dropped.add(request.rows()));
  }

  private synchronized void compare(float[] answer, float[] own, int classes) {
    for (int from = 0; from < answer.length; from += classes) {
      rows++;
      agreeing += best(answer, from, classes) == best(own, from, classes) ? 1 : 0;
      divergence += divergence(answer, own, from, classes);
    }
  }

  private static int best(float[] probabilities, int from, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = probabilities[from + c] > probabilities[from + best] ? c : best;
    }
    return best;
  }

  /** KL(p ‖ q) of one row in nats; a q that float32 rounded to 0 counts as its smallest number. */
  private static double divergence(float[] p, float[] q, int from, int classes) {
    double sum = 0;
    for (int c = from; c < from + classes; c++) {
      if (p[c] > 0) {
        sum += p[c] * Math.log(p[c] / Math.max((double) q[c], Float.MIN_VALUE));
      }
    }
    return sum;
  }

  synchronized ShadowComparison comparison() {
    return new ShadowComparison(
        model().card().name(),
        version(),
        rows,
        agreeing,
        rows == 0 ? 0 : divergence / rows,
        dropped.sum());
  }

  /** On the home executor; done when the memory is free. */
  Future<Void> close() {
    closed = true;
    return batcher.retire(null);
  }
}
