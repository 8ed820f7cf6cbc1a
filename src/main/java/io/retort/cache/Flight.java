package io.retort.cache;

import io.retort.bus.Asker;
import io.retort.bus.PredictReply;
import io.vertx.core.Future;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A computation under way for everyone who asks the same; wanted as long as one of them waits. */
final class Flight implements Asker {
  private final Asker first;
  private volatile Queue<Asker> others;
  private Future<PredictReply> reply;

  Flight(Asker first) {
    this.first = first;
  }

  /** Has this computed, for those who join as well. */
  void begin(Future<PredictReply> reply) {
    this.reply = reply;
  }

  Future<PredictReply> join(Asker another) {
    if (others == null) {
      others = new ConcurrentLinkedQueue<>();
    }
    others.add(another);
    return reply;
  }

  @Override
  public boolean gone() {
    Queue<Asker> joined = others;
    return first.gone() && (joined == null || joined.stream().allMatch(Asker::gone));
  }
}
