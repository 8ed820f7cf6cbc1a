package io.retort.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Shareable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The meters of one process: every part registers its own, {@code /metrics} shows them all.
 *
 * <p>The registry takes 50 ms of processor time to come to life, more than any other class of a
 * start. So it is made when somebody reads it, or beside the work once there is some: until then
 * parts say by {@link #later} what they will register, count in plain numbers, and measure with a
 * {@link Recorder}.
 */
public final class Meters implements Shareable {
  private static final Logger LOG = LoggerFactory.getLogger(Meters.class);
  private static final String NAME = "retort.meters";

  private final CompletableFuture<MeterRegistry> registry = new CompletableFuture<>();
  private final CompletableFuture<PrometheusMeterRegistry> complete = new CompletableFuture<>();
  private final AtomicBoolean begun = new AtomicBoolean();

  private Meters() {}

  private static Meters shared(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, Meters>getLocalMap(NAME)
        .computeIfAbsent(NAME, first -> new Meters());
  }

  /** The registry of {@code vertx}, made now if it was not yet: not for the start of a node. */
  public static MeterRegistry of(Vertx vertx) {
    Meters meters = shared(vertx);
    meters.begin();
    return meters.registry.join();
  }

  /** Gives the registry to {@code use}: at once if it lives, else when it does, on its thread. */
  public static void later(Vertx vertx, Consumer<MeterRegistry> use) {
    shared(vertx)
        .registry
        .thenAccept(use)
        .exceptionally(
            failure -> {
              LOG.error("metrics: a part cannot register its meters", failure);
              return null;
            });
  }

  /** Has the registry made on a thread of its own. */
  static void wake(Vertx vertx) {
    Meters meters = shared(vertx);
    if (!meters.begun.get()) {
      Thread thread = new Thread(meters::begin, "retort-meters");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /**
   * Every meter in the words of Prometheus, after all that was recorded before the call. It blocks.
   *
   * @param contentType {@code text/plain} or {@code application/openmetrics-text}, with a version
   */
  public static String scrape(Vertx vertx, String contentType) {
    Meters meters = shared(vertx);
    meters.begin();
    return meters.complete.join().scrape(contentType);
  }

  static void close(Vertx vertx) {
    shared(vertx).registry.thenAccept(MeterRegistry::close);
  }

  private void begin() {
    if (begun.compareAndSet(false, true)) {
      try {
        PrometheusMeterRegistry made = ProcessMeters.registry();
        registry.complete(made);
        complete.complete(made);
      } catch (RuntimeException | LinkageError broken) {
        LOG.error("metrics: there is no registry", broken);
        registry.completeExceptionally(broken);
        complete.completeExceptionally(broken);
      }
    }
  }
}
