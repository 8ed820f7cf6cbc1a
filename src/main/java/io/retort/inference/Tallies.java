package io.retort.inference;

import io.retort.bus.VersionStatistics;
import io.retort.bus.VersionStatistics.BatchSize;
import io.retort.bus.VersionStatistics.Tally;
import io.retort.model.ModelCard;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What a version has done since it was loaded: counted as it happens, read at any time. */
final class Tallies implements PlanSet.Listener {
  /** How a request ended. */
  enum Outcome {
    OK("ok"),
    QUEUE_FULL("queue_full"),
    DEADLINE("deadline"),
    CLIENT_GONE("client_gone"),
    ERROR("error");

    final String word;

    Outcome(String word) {
      this.word = word;
    }
  }

  private final LongAdder[] outcomes = new LongAdder[Outcome.values().length];
  private final LongAdder answeredNanos = new LongAdder();
  private final LongAdder failedNanos = new LongAdder();
  private final LongAdder run = new LongAdder();
  private final LongAdder queuedNanos = new LongAdder();
  private final LongAdder computedNanos = new LongAdder();
  private final AtomicLongArray passes;
  private final AtomicLongArray passNanos;
  private volatile long lastMillis;
  private volatile VersionMeters meters;

  Tallies(int maxBatch) {
    passes = new AtomicLongArray(maxBatch + 1);
    passNanos = new AtomicLongArray(maxBatch + 1);
    for (int i = 0; i < outcomes.length; i++) {
      outcomes[i] = new LongAdder();
    }
  }

  /** From now on these hear of it, too. */
  void meter(VersionMeters own) {
    meters = own;
  }

  @Override
  public void passed(int rows, long nanos) {
    passes.incrementAndGet(rows);
    passNanos.addAndGet(rows, nanos);
    VersionMeters listening = meters;
    if (listening != null) {
      listening.passed(rows, nanos);
    }
  }

  /** A batch was run for these: each waited from its arrival until it began. */
  void ran(List<Question> batch, long beganNanos, long endedNanos) {
    VersionMeters listening = meters;
    long waited = 0;
    for (Question question : batch) {
      long nanos = beganNanos - question.arrivalNanos();
      waited += nanos;
      if (listening != null) {
        listening.waited(nanos);
      }
    }
    run.add(batch.size());
    queuedNanos.add(waited);
    computedNanos.add(batch.size() * (endedNanos - beganNanos));
    lastMillis = System.currentTimeMillis();
  }

  /** A request ended so, that many nanoseconds after its arrival. */
  void ended(Outcome outcome, long nanos) {
    outcomes[outcome.ordinal()].increment();
    (outcome == Outcome.OK ? answeredNanos : failedNanos).add(nanos);
  }

  long count(Outcome outcome) {
    return outcomes[outcome.ordinal()].sum();
  }

  VersionStatistics statistics(ModelCard card) {
    List<BatchSize> sizes = new ArrayList<>();
    long rows = 0;
    long batches = 0;
    for (int size = 1; size < passes.length(); size++) {
      long count = passes.get(size);
      if (count > 0) {
        sizes.add(new BatchSize(size, new Tally(count, passNanos.get(size))));
        rows += count * size;
        batches += count;
      }
    }
    long failed = 0;
    for (Outcome outcome : Outcome.values()) {
      failed += outcome == Outcome.OK ? 0 : count(outcome);
    }
    return new VersionStatistics(
        card.name(),
        card.version(),
        lastMillis,
        rows,
        batches,
        new Tally(count(Outcome.OK), answeredNanos.sum()),
        new Tally(failed, failedNanos.sum()),
        new Tally(run.sum(), queuedNanos.sum()),
        new Tally(run.sum(), computedNanos.sum()),
        sizes);
  }
}
