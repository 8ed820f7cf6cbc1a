package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.ModelState;
import io.retort.json.Fields;
import io.retort.oip.ModelDirectory;
import io.retort.oip.RepositoryEntry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * The Open Inference Protocol's repository of models: {@code index}, {@code load}, {@code unload}.
 */
final class RepositoryRoutes {
  private static final String PATH = "/v2/repository";

  /** Says nothing here: no model of ours depends on another. */
  private static final Set<String> IDLE = Set.of("unload_dependents");

  private final ModelDirectory models;
  private final Body body;

  RepositoryRoutes(ModelDirectory models, Body body) {
    this.models = models;
    this.body = body;
  }

  void mount(Router router) {
    router.post(PATH + "/index").handler(this::index);
    router.post(PATH + "/models/:model/load").handler(context -> change(context, models::load));
    router.post(PATH + "/models/:model/unload").handler(context -> change(context, models::unload));
  }

  private void index(RoutingContext context) {
    read(
        context,
        fields -> fields.flag("ready", false),
        ready -> models.index(ready).map(entries -> json(entries).toBuffer()));
  }

  private void change(RoutingContext context, Function<String, Future<ModelState>> change) {
    read(
        context,
        RepositoryRoutes::parameters,
        idle -> change.apply(context.pathParam("model")).map(done -> new JsonObject().toBuffer()));
  }

  private static Set<String> parameters(Fields fields) {
    Set<String> names = fields.object("parameters").values().keySet();
    for (String name : names) {
      if (!IDLE.contains(name)) {
        throw Failure.UNSUPPORTED.because("this server knows no parameter " + name);
      }
    }
    return names;
  }

  private <Q> void read(
      RoutingContext context, Function<Fields, Q> question, Function<Q, Future<Buffer>> ask) {
    body.read(
        context.request(),
        bytes ->
            Future.succeededFuture(bytes)
                .map(received -> JsonBody.read(received, question))
                .compose(ask)
                .onSuccess(reply -> Answers.json(context.request(), 200, reply))
                .onFailure(failure -> Answers.failure(context.request(), failure)));
  }

  private static JsonArray json(List<RepositoryEntry> entries) {
    JsonArray list = new JsonArray();
    for (RepositoryEntry entry : entries) {
      list.add(
          new JsonObject()
              .put("name", entry.name())
              .put("version", entry.version())
              .put("state", entry.state())
              .put("reason", entry.reason()));
    }
    return list;
  }
}
