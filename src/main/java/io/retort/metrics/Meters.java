package io.retort.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.Shareable;

/** The meters of one process: every part registers its own, {@code /metrics} shows them all. */
public final class Meters {
  private static final String NAME = "retort.meters";

  private record Holder(PrometheusMeterRegistry registry) implements Shareable {}

  private Meters() {}

  /** The registry of {@code vertx}, made when it is first asked for. */
  public static MeterRegistry of(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, Holder>getLocalMap(NAME)
        .computeIfAbsent(
            NAME, first -> new Holder(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)))
        .registry;
  }
}
