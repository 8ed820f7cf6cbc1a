package io.retort.training;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.retort.bus.JobStatus;
import io.retort.bus.ProgressFrame;
import io.retort.metrics.Meters;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Shareable;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.ToDoubleFunction;

/** The jobs of a process by their status, and the last report of the one that runs. */
final class TrainingMeters implements Shareable {
  private static final String NAME = "retort.training.meters";
  private final AtomicIntegerArray jobs = new AtomicIntegerArray(JobStatus.values().length);
  private volatile ProgressFrame last;

  private TrainingMeters() {}

  static TrainingMeters of(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, TrainingMeters>getLocalMap(NAME)
        .computeIfAbsent(
            NAME,
            first -> {
              TrainingMeters meters = new TrainingMeters();
              Meters.later(vertx, meters::register);
              return meters;
            });
  }

  private void register(MeterRegistry registry) {
    for (JobStatus status : JobStatus.values()) {
      Gauge.builder("retort.training.jobs", jobs, counts -> counts.get(status.ordinal()))
          .description("training jobs that this node knows")
          .tag("status", status.word())
          .register(registry);
    }
    progress(registry, "samples.per.second", "speed", ProgressFrame::samplesPerSecond);
    progress(registry, "epoch", "epoch of the phase, from 1", ProgressFrame::epoch);
    progress(registry, "accuracy", "on held-out data", ProgressFrame::accuracy);
    progress(
        registry,
        "loss",
        "the whole loss",
        frame -> frame.loss().getOrDefault("total", Double.NaN));
  }

  /** No number while no job runs. */
  private void progress(
      MeterRegistry registry, String what, String text, ToDoubleFunction<ProgressFrame> number) {
    Gauge.builder(
            "retort.training." + what,
            this,
            meters -> {
              ProgressFrame frame = meters.last;
              return frame == null ? Double.NaN : number.applyAsDouble(frame);
            })
        .description(text + ", of the job that runs")
        .register(registry);
  }

  void count(Collection<Job> all) {
    int[] counts = new int[jobs.length()];
    all.forEach(job -> counts[job.state().status().ordinal()]++);
    for (int i = 0; i < counts.length; i++) {
      jobs.set(i, counts[i]);
    }
  }

  /** The last report of the job that runs; null when it ends. */
  void report(ProgressFrame frame) {
    last = frame;
  }
}
