package io.retort.cache;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.CacheState;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.LiveModel;
import io.retort.bus.LiveModels;
import io.retort.bus.ModelName;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.Traffic;
import io.retort.config.CacheConfig;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Answers that were given before. The key is the model, its version and the hash of the input, so a
 * new version makes old answers unreachable; they are also forgotten when it goes live. Requests
 * equal to one that is being computed wait for its answer.
 */
public final class CacheVerticle extends VerticleBase {
  private record Key(String model, String version, HashValue128 input) {}

  private final Map<String, Traffic> traffic = new HashMap<>();
  private final Map<Key, Future<PredictReply>> computed = new HashMap<>();
  private final InputHash hash = new InputHash();
  private String defaultModel;
  private CacheConfig config;
  private Cache<Key, PredictReply> answers;
  private Bus bus;
  private long hits;
  private long misses;

  @Override
  public Future<?> start() {
    config = CacheConfig.of(config().getMap());
    answers =
        Caffeine.newBuilder()
            .maximumSize(config.maxEntries())
            .expireAfterWrite(Duration.ofSeconds(config.ttlSeconds()))
            .executor(Runnable::run)
            .build();
    bus = Bus.of(vertx);
    bus.listen(Addresses.MODEL_SERVED, this::served);
    bus.listen(Addresses.MODEL_RETIRED, this::retired);
    bus.serve(Addresses.CACHE_STATE, nothing -> Future.succeededFuture(state()));
    bus.serve(Addresses.CACHE_PREDICT, this::predict);
    bus.request(Addresses.MODELS_LIVE, Nothing.NOTHING)
        .map(LiveModels::models)
        .onSuccess(live -> live.forEach(this::served));
    return Future.succeededFuture();
  }

  private Future<PredictReply> predict(PredictRequest request) {
    String model = request.model() == null ? defaultModel : request.model();
    Traffic shares = traffic.get(model);
    String version = shares == null ? null : shares.version(request.version(), request.affinity());
    if (version == null) {
      misses++;
      return ask(request);
    }
    Key key = new Key(model, version, hash.of(request.rows(), request.features()));
    PredictReply known = answers.getIfPresent(key);
    if (known != null) {
      hits++;
      return Future.succeededFuture(known);
    }
    misses++;
    Future<PredictReply> underWay = computed.get(key);
    return underWay != null ? underWay : compute(key, request.to(model, version));
  }

  private Future<PredictReply> compute(Key key, PredictRequest request) {
    Future<PredictReply> reply = ask(request);
    computed.put(key, reply);
    return reply.andThen(
        (answer, failure) -> {
          computed.remove(key);
          if (failure == null && answer.version().equals(key.version) && isLoaded(key)) {
            answers.put(key, answer.cached());
          }
        });
  }

  /** Asks the model. That nobody answers there must not look as if there were no cache. */
  private Future<PredictReply> ask(PredictRequest request) {
    return bus.request(Addresses.PREDICT, request)
        .recover(
            failure ->
                Future.failedFuture(
                    failure instanceof FailureException known
                            && known.failure() == Failure.UNAVAILABLE
                        ? Failure.NOT_READY.because("no model answers yet")
                        : failure));
  }

  private boolean isLoaded(Key key) {
    Traffic shares = traffic.get(key.model);
    return shares != null && shares.loaded().contains(key.version);
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
    answers.asMap().keySet().removeIf(key -> key.model.equals(model) && !isLoaded(key));
  }

  private CacheState state() {
    answers.cleanUp();
    return new CacheState(answers.estimatedSize(), config.maxEntries(), hits, misses);
  }
}
