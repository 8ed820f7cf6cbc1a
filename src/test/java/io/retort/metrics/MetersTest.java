package io.retort.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class MetersTest {
  private static final String TEXT = "text/plain";

  @Test
  void record_beforeAndAfterTheRegistry_losesNothing(Vertx vertx) {
    Recorder recorder = Recorder.durations(vertx, "trial.time", "a trial", "kind", "a");
    for (int i = 0; i < 300; i++) {
      recorder.record(1_000_000);
    }
    assertThat(scrape(vertx).sum("trial_time_seconds_count")).isEqualTo(300);

    for (int i = 0; i < 200; i++) {
      recorder.record(2_000_000_000L);
    }

    Exposition after = scrape(vertx);
    assertThat(after.sum("trial_time_seconds_count", "kind=\"a\"")).isEqualTo(500);
    assertThat(after.sum("trial_time_seconds_sum")).isBetween(400.29, 400.31);
  }

  @Test
  void record_manyThreadsWhileTheRegistryIsMade_countsEach(Vertx vertx) throws Exception {
    Recorder recorder = Recorder.durations(vertx, "trial.time", "a trial");
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (int k = 0; k < 20_000; k++) {
                  recorder.record(k);
                }
              });
      threads.add(thread);
      thread.start();
    }
    Meters.of(vertx);
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(scrape(vertx).sum("trial_time_seconds_count")).isEqualTo(80_000);
  }

  @Test
  void record_aThousandTimes_wakesTheRegistryUnasked(Vertx vertx) throws Exception {
    CompletableFuture<MeterRegistry> registry = new CompletableFuture<>();
    Meters.later(vertx, registry::complete);
    Recorder recorder = Recorder.durations(vertx, "trial.time", "a trial");
    for (int i = 0; i < 999; i++) {
      recorder.record(1);
    }
    assertThat(registry).isNotDone();

    recorder.record(1);

    assertThat(registry.get(60, TimeUnit.SECONDS)).isSameAs(Meters.of(vertx));
  }

  @Test
  void durations_buckets_areSeventeenAndCumulative(Vertx vertx) {
    Recorder recorder = Recorder.durations(vertx, "trial.time", "a trial");
    long[] micros = {50, 100, 101, 700, 700, 9_000, 3_000_000, 60_000_000};
    for (long each : micros) {
      recorder.record(each * 1000);
    }

    var buckets = scrape(vertx).buckets("trial_time_seconds");

    assertThat(buckets).hasSize(17);
    buckets.forEach(
        (bound, count) -> {
          long expected =
              java.util.Arrays.stream(micros).filter(each -> each <= bound * 1e6 + 0.5).count();
          assertThat(count).as("le %s", bound).isEqualTo(expected);
        });
  }

  @Test
  void sizes_buckets_arePowersOfTwo(Vertx vertx) {
    Recorder recorder = Recorder.sizes(vertx, "trial.rows", "a trial");
    recorder.record(1);
    recorder.record(3);
    recorder.record(5000);

    var buckets = scrape(vertx).buckets("trial_rows");

    assertThat(buckets).containsEntry(1.0, 1.0).containsEntry(4.0, 2.0).hasSize(14);
    assertThat(buckets).containsEntry(4096.0, 2.0).containsEntry(Double.POSITIVE_INFINITY, 3.0);
  }

  @Test
  void later_onePartFails_theOthersAreRegistered(Vertx vertx) {
    Meters.later(vertx, registry -> registry.counter("trial.first").increment());
    Meters.later(
        vertx,
        registry -> {
          throw new IllegalStateException("a part that fails, on purpose");
        });
    Meters.later(vertx, registry -> registry.counter("trial.second").increment());

    assertThat(scrape(vertx).names()).contains("trial_first_total", "trial_second_total");
  }

  @Test
  void scrape_process_isDescribed(Vertx vertx) {
    Exposition process = scrape(vertx);

    assertThat(process.sum("retort_build_info")).isEqualTo(1);
    assertThat(process.sum("jvm_memory_used_bytes", "area=\"heap\"")).isPositive();
    assertThat(process.sum("jvm_threads_live_threads")).isPositive();
    assertThat(process.names())
        .contains("jvm_gc_memory_allocated_bytes_total", "jvm_buffer_memory_used_bytes")
        .contains("process_cpu_usage", "process_uptime_seconds", "retort_network_memory_bytes");
    if (java.nio.file.Files.exists(java.nio.file.Path.of("/proc/self/status"))) {
      assertThat(process.sum("process_resident_memory_bytes")).isBetween(5e6, 1e12);
    }
  }

  private static Exposition scrape(Vertx vertx) {
    return new Exposition(Meters.scrape(vertx, TEXT));
  }
}
