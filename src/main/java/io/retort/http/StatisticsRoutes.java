package io.retort.http;

import io.retort.bus.VersionStatistics;
import io.retort.bus.VersionStatistics.Tally;
import io.retort.oip.ModelDirectory;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * The Open Inference Protocol's statistics of models, as the inference part counts them: answers of
 * the cache are not in them, and copying to and from a device is part of {@code compute_infer}.
 */
final class StatisticsRoutes {
  private static final Tally NONE = new Tally(0, 0);
  private final ModelDirectory models;

  StatisticsRoutes(ModelDirectory models) {
    this.models = models;
  }

  void mount(Router router) {
    router.get("/v2/models/stats").handler(this::statistics);
    router.get("/v2/models/:model/stats").handler(this::statistics);
    router.get("/v2/models/:model/versions/:version/stats").handler(this::statistics);
  }

  private void statistics(RoutingContext context) {
    models
        .statistics(context.pathParam("model"), context.pathParam("version"))
        .onSuccess(
            versions -> {
              JsonArray list = new JsonArray();
              versions.forEach(version -> list.add(json(version)));
              Answers.json(context.request(), 200, new JsonObject().put("model_stats", list));
            })
        .onFailure(failure -> Answers.failure(context.request(), failure));
  }

  private static JsonObject json(VersionStatistics version) {
    JsonArray sizes = new JsonArray();
    version
        .sizes()
        .forEach(size -> sizes.add(compute(size.computed()).put("batch_size", size.rows())));
    return new JsonObject()
        .put("name", version.model())
        .put("version", version.version())
        .put("last_inference", version.lastMillis())
        .put("inference_count", version.rows())
        .put("execution_count", version.batches())
        .put(
            "inference_stats",
            compute(version.computed())
                .put("success", json(version.answered()))
                .put("fail", json(version.failed()))
                .put("queue", json(version.queued()))
                .put("cache_hit", json(NONE)))
        .put("batch_stats", sizes);
  }

  private static JsonObject compute(Tally computed) {
    return new JsonObject()
        .put("compute_input", json(NONE))
        .put("compute_infer", json(computed))
        .put("compute_output", json(NONE));
  }

  private static JsonObject json(Tally tally) {
    return new JsonObject().put("count", tally.count()).put("ns", tally.nanos());
  }
}
