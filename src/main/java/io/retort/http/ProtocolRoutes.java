package io.retort.http;

import io.retort.bus.Failure;
import io.retort.oip.ModelDirectory;
import io.retort.oip.ModelMetadata;
import io.retort.oip.ServerMetadata;
import io.retort.oip.TensorMetadata;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The Open Inference Protocol: health, metadata and readiness under {@code /v2}. */
final class ProtocolRoutes {
  private static final String MODEL = "/v2/models/:model";
  private static final String VERSION = MODEL + "/versions/:version";

  private final ModelDirectory models;
  private final BooleanSupplier stopping;

  ProtocolRoutes(ModelDirectory models, BooleanSupplier stopping) {
    this.models = models;
    this.stopping = stopping;
  }

  void mount(Router router) {
    router.get("/v2").handler(this::server);
    router.get("/v2/health/live").handler(this::live);
    router.get("/v2/health/ready").handler(this::ready);
    for (String path : List.of(MODEL, VERSION)) {
      router.get(path).handler(this::model);
      router.get(path + "/ready").handler(this::modelReady);
    }
  }

  private void server(RoutingContext context) {
    ServerMetadata server = ServerMetadata.ours();
    Answers.json(
        context.request(),
        200,
        new JsonObject()
            .put("name", server.name())
            .put("version", server.version())
            .put("extensions", new JsonArray(server.extensions())));
  }

  private void live(RoutingContext context) {
    Answers.json(context.request(), 200, new JsonObject().put("live", true));
  }

  private void ready(RoutingContext context) {
    if (stopping.getAsBoolean()) {
      Answers.failure(context.request(), Failure.NOT_READY, "this node is stopping");
      return;
    }
    models
        .ready()
        .onSuccess(
            ready -> {
              if (ready) {
                Answers.json(context.request(), 200, new JsonObject().put("ready", true));
              } else {
                Answers.failure(context.request(), Failure.NOT_READY, "no model answers yet");
              }
            });
  }

  private void model(RoutingContext context) {
    models
        .live(context.pathParam("model"), context.pathParam("version"))
        .onSuccess(model -> Answers.json(context.request(), 200, json(ModelMetadata.of(model))))
        .onFailure(failure -> Answers.failure(context.request(), failure));
  }

  private void modelReady(RoutingContext context) {
    models
        .live(context.pathParam("model"), context.pathParam("version"))
        .onSuccess(
            model ->
                Answers.json(
                    context.request(),
                    200,
                    new JsonObject().put("name", model.model()).put("ready", true)))
        .onFailure(failure -> Answers.failure(context.request(), failure));
  }

  private static JsonObject json(ModelMetadata model) {
    return new JsonObject()
        .put("name", model.name())
        .put("versions", new JsonArray(model.versions()))
        .put("platform", model.platform())
        .put("inputs", json(model.inputs()))
        .put("outputs", json(model.outputs()));
  }

  private static JsonArray json(List<TensorMetadata> tensors) {
    JsonArray list = new JsonArray();
    for (TensorMetadata tensor : tensors) {
      list.add(
          new JsonObject()
              .put("name", tensor.name())
              .put("datatype", tensor.datatype())
              .put("shape", new JsonArray(tensor.shape())));
    }
    return list;
  }
}
