package io.retort.cache;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.retort.bus.CacheState;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Shareable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** Counts of all caches of a process. */
final class Tally implements Shareable {
  private static final String NAME = "retort.cache";

  /** What one kind of memory holds. */
  static final class Held {
    private final LongAdder entries = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder evictions = new LongAdder();

    void came(int weight) {
      entries.increment();
      bytes.add(weight);
    }

    void left(int weight, boolean evicted) {
      entries.decrement();
      bytes.add(-weight);
      if (evicted) {
        evictions.increment();
      }
    }

    long entries() {
      return entries.sum();
    }

    long bytes() {
      return bytes.sum();
    }
  }

  final Held answers = new Held();
  final Held bodies = new Held();
  final LongAdder hits = new LongAdder();
  final LongAdder bodyHits = new LongAdder();
  final LongAdder misses = new LongAdder();
  final LongAdder shared = new LongAdder();
  private final AtomicBoolean registered = new AtomicBoolean();

  private Tally() {}

  static Tally of(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, Tally>getLocalMap(NAME)
        .computeIfAbsent(NAME, first -> new Tally());
  }

  CacheState state(long maxEntries, long maxBytes) {
    long known = bodyHits.sum();
    return new CacheState(
        answers.entries(),
        maxEntries,
        answers.bytes() + bodies.bytes(),
        maxBytes,
        hits.sum() + known,
        misses.sum() + shared.sum(),
        known);
  }

  /** Shows the counts as meters, if no other cache of the process has. */
  void register(MeterRegistry meters) {
    if (registered.compareAndSet(false, true)) {
      result(meters, "hit", hits);
      result(meters, "body_hit", bodyHits);
      result(meters, "miss", misses);
      result(meters, "shared", shared);
      held(meters, "answer", answers);
      held(meters, "body", bodies);
    }
  }

  private static void result(MeterRegistry meters, String result, LongAdder count) {
    FunctionCounter.builder(NAME + ".requests", count, LongAdder::sum)
        .tag("result", result)
        .description("requests by where their answer came from")
        .register(meters);
  }

  private static void held(MeterRegistry meters, String kind, Held held) {
    Gauge.builder(NAME + ".entries", held, Held::entries).tag("kind", kind).register(meters);
    Gauge.builder(NAME + ".bytes", held, Held::bytes)
        .tag("kind", kind)
        .baseUnit("bytes")
        .register(meters);
    FunctionCounter.builder(NAME + ".evictions", held.evictions, LongAdder::sum)
        .tag("kind", kind)
        .register(meters);
  }
}
