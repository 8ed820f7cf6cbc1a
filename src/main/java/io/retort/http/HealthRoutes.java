package io.retort.http;

import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.JobStatus;
import io.retort.bus.LiveModels;
import io.retort.bus.Nothing;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** {@code /health} with the parts, {@code /health/live}, {@code /health/ready}. */
final class HealthRoutes {
  private static final long PATIENCE_MILLIS = 1000;

  /** It answers, but slower than it should. */
  private static final String DEGRADED = "degraded";

  private final Bus bus;
  private final BooleanSupplier stopping;

  HealthRoutes(Bus bus, BooleanSupplier stopping) {
    this.bus = bus;
    this.stopping = stopping;
  }

  void mount(Router router) {
    router.get("/health").handler(context -> health(context.request()));
    router.get("/health/live").handler(context -> live(context.request()));
    router.get("/health/ready").handler(context -> ready(context.request()));
  }

  private void live(HttpServerRequest request) {
    Answers.json(request, 200, new JsonObject().put("status", "ok"));
  }

  private void ready(HttpServerRequest request) {
    hindrance()
        .onSuccess(
            reason -> {
              if (reason == null) {
                Answers.json(
                    request, 200, new JsonObject().put("status", "ok").put("model_loaded", true));
              } else {
                Answers.failure(request, Failure.NOT_READY, reason);
              }
            });
  }

  /** Why nobody should send requests here now, or null: what {@code /health/live} never asks. */
  private Future<String> hindrance() {
    return stopping.getAsBoolean()
        ? Future.succeededFuture("this node is stopping")
        : models().map(models -> models.ready() ? null : "no model answers yet");
  }

  private void health(HttpServerRequest request) {
    Future<LiveModels> models = models();
    JsonObject parts = new JsonObject().put("http", new JsonObject().put("status", "up"));
    Future.join(
            models,
            part(parts, "inference", Addresses.MODELS_LIVE, HealthRoutes::describe),
            part(parts, "cache", Addresses.CACHE_STATE, Addresses.CACHE_STATE.reply()::toJson),
            part(
                parts,
                "training",
                Addresses.JOBS_LIST,
                jobs ->
                    new JsonObject()
                        .put(
                            "running",
                            jobs.jobs().stream()
                                .filter(job -> job.status() == JobStatus.RUNNING)
                                .count())
                        .put(
                            "queued",
                            jobs.jobs().stream()
                                .filter(job -> job.status() == JobStatus.QUEUED)
                                .count())))
        .onComplete(
            all ->
                Answers.json(
                    request,
                    200,
                    new JsonObject()
                        .put("status", status(models.result()))
                        .put("model_loaded", models.result().ready())
                        .put("parts", parts)));
  }

  private String status(LiveModels models) {
    if (stopping.getAsBoolean()) {
      return "stopping";
    }
    return models.degraded() == null ? "ok" : DEGRADED;
  }

  private static JsonObject describe(LiveModels live) {
    JsonArray models = new JsonArray();
    live.models().forEach(model -> models.add(Addresses.MODEL_SERVED.message().toJson(model)));
    JsonObject part = new JsonObject().put("models", models);
    return live.degraded() == null
        ? part
        : part.put("status", DEGRADED).put("reason", live.degraded());
  }

  private Future<LiveModels> models() {
    return bus.request(Addresses.MODELS_LIVE, Nothing.NOTHING, PATIENCE_MILLIS)
        .otherwise(new LiveModels(List.of(), null));
  }

  /** Asks one part how it is; a part that does not run here or anywhere is {@code absent}. */
  private <R> Future<Void> part(
      JsonObject parts,
      String name,
      Address<Nothing, R> address,
      Function<R, JsonObject> describe) {
    return bus.request(address, Nothing.NOTHING, PATIENCE_MILLIS)
        .map(describe)
        .map(state -> state.containsKey("status") ? state : state.put("status", "up"))
        .otherwise(new JsonObject().put("status", "absent"))
        .onSuccess(state -> parts.put(name, state))
        .mapEmpty();
  }
}
