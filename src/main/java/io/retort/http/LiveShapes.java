package io.retort.http;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.LiveModel;
import io.retort.bus.Nothing;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.Map;

/**
 * The models that answer, with the shapes that they take: asked for once, then kept up to date by
 * the news. For one thread.
 */
final class LiveShapes {
  private static final long PATIENCE_MILLIS = 1000;

  private final Bus bus;
  private final Map<String, LiveModel> models = new HashMap<>();
  private Future<Void> known;

  LiveShapes(Bus bus) {
    this.bus = bus;
    bus.listen(Addresses.MODEL_SERVED, model -> models.put(model.model(), model));
    bus.listen(Addresses.MODEL_RETIRED, name -> models.remove(name.model()));
  }

  /**
   * A model by its name; the default one where it is null. Fails with NOT_READY or UNKNOWN_MODEL.
   */
  Future<LiveModel> find(String name) {
    if (known == null) {
      known =
          bus.request(Addresses.MODELS_LIVE, Nothing.NOTHING, PATIENCE_MILLIS)
              .onSuccess(live -> live.models().forEach(each -> models.put(each.model(), each)))
              .onFailure(absent -> known = null)
              .otherwiseEmpty()
              .mapEmpty();
    }
    return known.map(asked -> named(name));
  }

  private LiveModel named(String name) {
    if (name != null && models.containsKey(name)) {
      return models.get(name);
    }
    if (name != null && !models.isEmpty()) {
      throw Failure.UNKNOWN_MODEL.because("there is no live model of this name: " + name);
    }
    return models.values().stream()
        .filter(model -> name == null && model.standard())
        .findAny()
        .orElseThrow(LiveShapes::notReady);
  }

  private static FailureException notReady() {
    return Failure.NOT_READY.because("no model answers yet");
  }
}
