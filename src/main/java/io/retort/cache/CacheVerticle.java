package io.retort.cache;

import io.retort.bus.Addresses;
import io.retort.bus.BodyKey;
import io.retort.bus.Bus;
import io.retort.bus.CacheState;
import io.retort.bus.LiveModel;
import io.retort.bus.LiveModels;
import io.retort.bus.ModelName;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.Predictions;
import io.retort.bus.Recall;
import io.retort.bus.Recollection;
import io.retort.bus.Traffic;
import io.retort.config.CacheConfig;
import io.retort.metrics.Meters;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.HashMap;
import java.util.Map;

/**
 * Answers that were given before. The key is the model, its version and the hash of the input, so a
 * new version makes old answers unreachable; they are also forgotten when it goes live. Which
 * version a request means is for the traffic of the moment to say. A body that came before is known
 * by its bytes, before anybody has parsed it.
 */
public final class CacheVerticle extends VerticleBase {
  private final Map<String, Traffic> traffic = new HashMap<>();
  private final InputHash hash = new InputHash();
  private String defaultModel;
  private CacheConfig config;
  private Tally tally;
  private Memory memory;
  private Flights flights;
  private Predictions model;

  @Override
  public Future<?> start() {
    config = CacheConfig.of(config().getMap());
    tally = Tally.of(vertx);
    memory = new Memory(config, tally);
    Meters.later(vertx, tally::register);
    Bus bus = Bus.of(vertx);
    model = new Predictions(bus);
    flights = new Flights(model, tally, this::learn);
    bus.listen(Addresses.MODEL_SERVED, this::served);
    bus.listen(Addresses.MODEL_RETIRED, this::retired);
    bus.serve(Addresses.CACHE_STATE, nothing -> Future.succeededFuture(state()));
    bus.serve(Addresses.CACHE_PREDICT, request -> predict(request, null, null));
    if (config.bodyEntries() > 0) {
      bus.serve(Addresses.CACHE_RECALL, recall -> Future.succeededFuture(recall(recall)));
      bus.serve(
          Addresses.CACHE_LEARN,
          lesson -> predict(lesson.request(), lesson.body(), lesson.version()));
    }
    bus.request(Addresses.MODELS_LIVE, Nothing.NOTHING)
        .map(LiveModels::models)
        .onSuccess(live -> live.forEach(this::served));
    return Future.succeededFuture();
  }

  private Recollection recall(Recall recall) {
    BodyKey body = hash.of(recall.body());
    Reading reading = memory.reading(body);
    if (reading == null) {
      return Recollection.unknown(body, null);
    }
    String name = named(reading.model());
    String version = version(name, reading.version(), recall.affinity());
    Recollection known =
        version == null ? null : memory.answer(new AnswerKey(name, version, reading.input()));
    if (known == null) {
      return Recollection.unknown(body, version);
    }
    tally.bodyHits.increment();
    return known;
  }

  /** Answers; {@code drawn} is the version that the body was not known for, or null. */
  private Future<PredictReply> predict(PredictRequest request, BodyKey body, String drawn) {
    String name = named(request.model());
    String version =
        mayStill(drawn, name, request)
            ? drawn
            : version(name, request.version(), request.affinity());
    if (version == null) {
      tally.misses.increment();
      return model.askModel(request);
    }
    Input input = hash.of(request.rows(), request.features());
    AnswerKey key = new AnswerKey(name, version, input);
    Recollection known = memory.answer(key);
    Future<PredictReply> reply;
    if (known == null) {
      reply = flights.ask(key, request);
    } else {
      tally.hits.increment();
      reply = Future.succeededFuture(known.reply());
    }
    return body == null
        ? reply
        : reply.onSuccess(
            answer -> memory.learn(body, new Reading(request.model(), request.version(), input)));
  }

  /** Drawing again would favour the versions whose answers are known. */
  private boolean mayStill(String drawn, String name, PredictRequest request) {
    return drawn != null
        && request.version() == null
        && traffic.containsKey(name)
        && traffic.get(name).percent().containsKey(drawn);
  }

  private String named(String model) {
    return model == null ? defaultModel : model;
  }

  /** The version that is meant, or null where none is known. */
  private String version(String name, String version, String affinity) {
    Traffic shares = traffic.get(name);
    return shares == null ? null : shares.version(version, affinity);
  }

  private void learn(AnswerKey key, PredictReply reply) {
    if (isLoaded(key)) {
      memory.learn(key, reply);
    }
  }

  private boolean isLoaded(AnswerKey key) {
    Traffic shares = traffic.get(key.model());
    return shares != null && shares.loaded().contains(key.version());
  }

  /** From now on these versions answer; what others of the model said is forgotten. */
  private void served(LiveModel live) {
    traffic.put(live.model(), live.traffic());
    if (live.standard()) {
      defaultModel = live.model();
    }
    forgetUnloaded(live.model());
  }

  private void retired(ModelName name) {
    traffic.remove(name.model());
    forgetUnloaded(name.model());
  }

  private void forgetUnloaded(String model) {
    memory.forget(key -> key.model().equals(model) && !isLoaded(key));
  }

  private CacheState state() {
    memory.cleanUp();
    return tally.state(config.maxEntries(), config.maxBytes());
  }

  @Override
  public Future<?> stop() {
    memory.forgetAll();
    return Future.succeededFuture();
  }
}
