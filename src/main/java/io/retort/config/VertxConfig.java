package io.retort.config;

import io.retort.json.Fields;
import io.vertx.core.VertxOptions;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.tracing.TracingOptions;
import java.util.Map;

/**
 * Settings of Vert.x itself.
 *
 * @param eventLoops threads that serve sockets and the bus; 0 for one in two cores
 * @param workers threads for blocking code
 */
public record VertxConfig(int eventLoops, int workers) {

  /** Reads the settings; what is missing takes its default. */
  public static VertxConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("vertx", values);
    Limits limits = new Limits(fields);
    VertxConfig config =
        new VertxConfig(
            limits.integer("eventLoops", 0, 0, 1024), limits.integer("workers", 4, 1, 1024));
    fields.end();
    return config;
  }

  VertxOptions options() {
    int loops =
        eventLoops > 0 ? eventLoops : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    return new VertxOptions()
        .setEventLoopPoolSize(loops)
        .setWorkerPoolSize(workers)
        .setMetricsOptions(new MetricsOptions().setEnabled(true))
        .setTracingOptions(new TracingOptions());
  }
}
