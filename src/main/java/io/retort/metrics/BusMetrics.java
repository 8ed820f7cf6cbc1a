package io.retort.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.core.spi.VertxMetricsFactory;
import io.vertx.core.spi.metrics.EventBusMetrics;
import io.vertx.core.spi.metrics.VertxMetrics;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * What Vert.x tells of its event bus, where its options enable metrics: messages that wait, that
 * were thrown away, and requests without an answer. Vert.x finds it as a service.
 *
 * <p>Vert.x's own Micrometer metrics need the registry before the first verticle starts, and look
 * meters up at every message.
 */
public final class BusMetrics implements VertxMetricsFactory {

  @Override
  public VertxMetrics metrics(VertxOptions options) {
    return new Counts();
  }

  private static final class Counts implements VertxMetrics, EventBusMetrics<Void> {
    private final LongAdder scheduled = new LongAdder();
    private final LongAdder taken = new LongAdder();
    private final LongAdder discarded = new LongAdder();
    private final Map<ReplyFailure, LongAdder> failures = new EnumMap<>(ReplyFailure.class);
    private Vertx vertx;

    Counts() {
      for (ReplyFailure failure : ReplyFailure.values()) {
        failures.put(failure, new LongAdder());
      }
    }

    @Override
    public void vertxCreated(Vertx created) {
      vertx = created;
      Meters.later(created, this::register);
    }

    private void register(MeterRegistry registry) {
      FunctionCounter.builder("retort.bus.discarded", discarded, LongAdder::sum)
          .description("messages thrown away because their consumer was full or gone")
          .register(registry);
      Gauge.builder("retort.bus.pending", this, Counts::pending)
          .description("messages delivered to a consumer that it has not taken yet")
          .register(registry);
      failures.forEach(
          (failure, count) ->
              FunctionCounter.builder("retort.bus.failures", count, LongAdder::sum)
                  .description("requests on the bus that ended without an answer")
                  .tag("cause", failure.name().toLowerCase(Locale.ROOT))
                  .register(registry));
    }

    /**
     * Reads what has gone first: a message in between makes the number too large, never negative.
     */
    private double pending() {
      long gone = taken.sum() + discarded.sum();
      return scheduled.sum() - gone;
    }

    @Override
    public EventBusMetrics<Void> createEventBusMetrics() {
      return this;
    }

    @Override
    public void scheduleMessage(Void handler, boolean local) {
      scheduled.increment();
    }

    @Override
    public void messageDelivered(Void handler, boolean local) {
      taken.increment();
    }

    @Override
    public void discardMessage(Void handler, boolean local, Message<?> message) {
      discarded.increment();
    }

    @Override
    public void replyFailure(String address, ReplyFailure failure) {
      failures.get(failure).increment();
    }

    @Override
    public void close() {
      Meters.close(vertx);
    }
  }
}
