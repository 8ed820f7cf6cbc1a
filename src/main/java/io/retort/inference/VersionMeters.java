package io.retort.inference;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.retort.metrics.Buckets;
import io.retort.model.ModelCard;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The meters of one loaded version, in the process's registry until they are closed. */
final class VersionMeters implements AutoCloseable {
  private final MeterRegistry registry;
  private final List<Meter> all = new ArrayList<>();
  private final Timer queue;
  private final Timer compute;
  private final DistributionSummary rows;

  VersionMeters(MeterRegistry registry, Batcher batcher) {
    this.registry = registry;
    ModelCard card = batcher.model().card();
    Tags tags = Tags.of("model", card.name(), "version", card.version());
    for (Tallies.Outcome outcome : Tallies.Outcome.values()) {
      all.add(
          FunctionCounter.builder(
                  "retort.inference.requests", batcher.tallies(), its -> its.count(outcome))
              .description("Requests by how they ended")
              .tags(tags.and("outcome", outcome.word))
              .register(registry));
    }
    queue =
        kept(
            Timer.builder("retort.inference.queue")
                .description("Time of a request from its arrival to its batch")
                .tags(tags)
                .serviceLevelObjectives(Buckets.durations())
                .register(registry));
    compute =
        kept(
            Timer.builder("retort.inference.compute")
                .description("Time of a forward pass")
                .tags(tags)
                .serviceLevelObjectives(Buckets.durations())
                .register(registry));
    rows =
        kept(
            DistributionSummary.builder("retort.inference.batch.rows")
                .description("Rows of a forward pass")
                .tags(tags)
                .serviceLevelObjectives(Buckets.sizes())
                .register(registry));
    kept(
        Gauge.builder("retort.inference.queued.rows", batcher, Batcher::queuedRows)
            .description("Rows that wait")
            .tags(tags)
            .register(registry));
  }

  private <M extends Meter> M kept(M meter) {
    all.add(meter);
    return meter;
  }

  void waited(long nanos) {
    queue.record(nanos, TimeUnit.NANOSECONDS);
  }

  void passed(int count, long nanos) {
    compute.record(nanos, TimeUnit.NANOSECONDS);
    rows.record(count);
  }

  @Override
  public void close() {
    all.forEach(registry::remove);
  }
}
