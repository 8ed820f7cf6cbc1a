package io.retort.http;

import io.retort.bus.Address;
import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.FailureException;
import io.retort.bus.ModelLabel;
import io.retort.bus.ModelName;
import io.retort.bus.ModelSplit;
import io.retort.bus.ModelState;
import io.retort.bus.ModelVersion;
import io.retort.json.Fields;
import io.retort.oip.ModelDirectory;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/** {@code /v1/models}: the models of the store, and which of their versions answer whom. */
final class ModelRoutes {
  private static final String PATH = "/v1/models";
  private static final String MODEL = PATH + "/:model";
  private final Bus bus;
  private final Body body;

  ModelRoutes(Bus bus, Body body) {
    this.bus = bus;
    this.body = body;
  }

  void mount(Router router) {
    router.get(PATH).handler(context -> answer(context, ask(Addresses.MODELS_LIST, context)));
    router.get(MODEL).handler(this::model);
    router
        .get(MODEL + "/statistics")
        .handler(context -> answer(context, ask(Addresses.MODELS_STATISTICS, context)));
    router
        .get(MODEL + "/comparison")
        .handler(context -> answer(context, ask(Addresses.MODELS_COMPARISON, context)));
    change(router, "/promote", Addresses.MODELS_PROMOTE, ModelRoutes::version);
    change(router, "/rollback", Addresses.MODELS_ROLLBACK, (model, fields) -> new ModelName(model));
    change(router, "/split", Addresses.MODELS_SPLIT, ModelRoutes::split);
    change(router, "/shadow", Addresses.MODELS_SHADOW, ModelRoutes::versionOrNull);
    change(router, "/labels", Addresses.MODELS_LABEL, ModelRoutes::label);
    change(router, "/load", Addresses.MODELS_LOAD, ModelRoutes::versionIfAny);
    change(router, "/unload", Addresses.MODELS_UNLOAD, ModelRoutes::versionIfAny);
  }

  private static ModelVersion version(String model, Fields fields) {
    return new ModelVersion(model, fields.text("version"));
  }

  private static ModelVersion versionOrNull(String model, Fields fields) {
    JsonBody.require(fields, "version", "a version or null");
    return versionIfAny(model, fields);
  }

  private static ModelVersion versionIfAny(String model, Fields fields) {
    return new ModelVersion(model, fields.text("version", null));
  }

  private static ModelSplit split(String model, Fields fields) {
    JsonBody.require(fields, "percent", "an object of a percentage by version");
    Fields shares = fields.object("percent");
    Map<String, Integer> percent = new LinkedHashMap<>();
    shares.values().keySet().forEach(version -> percent.put(version, shares.integer(version)));
    return new ModelSplit(model, percent);
  }

  private static ModelLabel label(String model, Fields fields) {
    JsonBody.require(fields, "version", "a version or null");
    return new ModelLabel(model, fields.text("label"), fields.text("version", null));
  }

  private void model(RoutingContext context) {
    answer(
        context,
        bus.request(Addresses.MODELS_LIST, new ModelName(context.pathParam("model")))
            .map(list -> list.models().get(0).toJson()));
  }

  private <R> Future<JsonObject> ask(Address<ModelName, R> address, RoutingContext context) {
    return bus.request(address, new ModelName(context.pathParam("model")))
        .map(address.reply()::toJson);
  }

  private <Q> void change(
      Router router,
      String path,
      Address<Q, ModelState> address,
      BiFunction<String, Fields, Q> question) {
    router
        .post(MODEL + path)
        .handler(
            context ->
                body.read(
                    context.request(),
                    bytes -> answer(context, change(context, bytes, address, question))));
  }

  private <Q> Future<JsonObject> change(
      RoutingContext context,
      Buffer bytes,
      Address<Q, ModelState> address,
      BiFunction<String, Fields, Q> question) {
    String model = context.pathParam("model");
    try {
      Q asked = JsonBody.read(bytes, fields -> question.apply(model, fields));
      return bus.request(address, asked, ModelDirectory.CHANGE_MILLIS).map(ModelState::toJson);
    } catch (FailureException refusal) {
      return Future.failedFuture(refusal);
    }
  }

  private static void answer(RoutingContext context, Future<JsonObject> reply) {
    reply
        .onSuccess(json -> Answers.json(context.request(), 200, json))
        .onFailure(failure -> Answers.failure(context.request(), ModelDirectory.serves(failure)));
  }
}
