package io.retort.inference;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.LiveModels;
import io.retort.bus.ModelVersion;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.config.InferenceConfig;
import io.retort.device.Device;
import io.retort.metrics.Meters;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Predicts. A version is loaded and warmed beside those that answer; then it takes its part in the
 * traffic, and one that leaves answers what it has accepted before its memory is freed.
 */
public final class InferenceVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceVerticle.class);

  private static final long STOP_SECONDS = 30;

  /**
   * How long requests may be on their way that another part sent to a version before it heard that
   * the version leaves.
   */
  private static final long UNDER_WAY_MILLIS = 1000;

  /** How often requests that wait too long are refused where nothing else looks at them. */
  private static final long SWEEP_MILLIS = 100;

  /** What a start may take until its first answers. */
  private static final long START_MILLIS = 1000;

  private final ExecutorService loading = Lanes.named("retort-loader", 1);
  private final ModelLoader.Opener devices;
  private InferenceConfig config;
  private ModelLoader loader;
  private Batchers batchers;
  private ServedModels served;
  private Roster roster;
  private Announcer announcer;
  private Bus bus;
  private boolean loadedAll;
  private boolean stopping;

  public InferenceVerticle() {
    this(Device::open);
  }

  InferenceVerticle(ModelLoader.Opener devices) {
    this.devices = devices;
  }

  @Override
  public Future<?> start() {
    config = InferenceConfig.of(config().getMap());
    bus = Bus.of(vertx);
    loader = new ModelLoader(config, devices);
    served = new ServedModels(config, task -> vertx.setTimer(UNDER_WAY_MILLIS, id -> task.run()));
    announcer = new Announcer(bus, served);
    batchers =
        new Batchers(
            config,
            this::inNextTurn,
            this::onContext,
            loading,
            lost -> loading.execute(() -> roster.turnToCpu(lost)));
    ModelStates states = new ModelStates(loader::store);
    InferenceMeters meters = new InferenceMeters(() -> Meters.of(vertx), this::whenStarted);
    roster = new Roster(loader, batchers, states, meters, this::show);
    loading.execute(this::loadAll);
    bus.serve(Addresses.PREDICT, this::predict);
    bus.serve(
        Addresses.MODELS_LIVE,
        nothing -> Future.succeededFuture(new LiveModels(served.live(), roster.degraded())));
    bus.listen(Addresses.MODEL_PROMOTED, this::promoted);
    context.runOnContext(
        started ->
            new ModelControl(bus, context, loading, loader::store, roster, states, served).serve());
    vertx.setPeriodic(SWEEP_MILLIS, id -> served.sweep());
    new StoreWatch(roster, loading).start(vertx, config.storePollMillis());
    return Future.succeededFuture();
  }

  private Future<PredictReply> predict(PredictRequest request) {
    String name = request.model() == null ? config.defaultModel() : request.model();
    ServedModel model = served.get(name);
    if (model == null) {
      return Future.failedFuture(notServed(name));
    }
    long millis = request.timeoutMillis() > 0 ? request.timeoutMillis() : config.timeoutMillis();
    long now = System.nanoTime();
    return model.predict(
        request, config.maxRows(), now, now + TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private FailureException notServed(String name) {
    return name.equals(config.defaultModel()) || !loadedAll || served.had(name)
        ? Failure.NOT_READY.because("no version of the model " + name + " answers yet")
        : Failure.UNKNOWN_MODEL.because(
            "there is no live model of this name: " + name + served.hint(name));
  }

  private void loadAll() {
    try {
      roster.followAll();
    } catch (RuntimeException | Error e) {
      LOG.error("inference: the models cannot be read: {}", e.getMessage(), e);
    }
    context.runOnContext(done -> loadedAll = true);
  }

  private void promoted(ModelVersion promoted) {
    if (loader.serves(promoted.model())) {
      unlessStopping(() -> roster.follow(promoted.model()));
    }
  }

  private void unlessStopping(Runnable task) {
    if (!stopping) {
      loading.execute(task);
    }
  }

  /** From now on this line answers. Called on the loader's thread. */
  private Future<Void> show(String model, ServedModel.Line line, boolean atOnce) {
    Promise<Void> freed = Promise.promise();
    context.runOnContext(
        turn -> {
          served.line(model, line, atOnce).onComplete(freed);
          announcer.changed(model);
        });
    return freed.future();
  }

  /** On the loader's thread, when the first answers need the processor no longer. */
  private void whenStarted(Runnable task) {
    context.runOnContext(turn -> vertx.setTimer(START_MILLIS, id -> unlessStopping(task)));
  }

  private void inNextTurn(Runnable task) {
    context.runOnContext(turn -> task.run());
  }

  /** At once where this is the event loop already. */
  private void onContext(Runnable task) {
    if (Vertx.currentContext() == context) {
      task.run();
    } else {
      context.runOnContext(turn -> task.run());
    }
  }

  /**
   * Answers what was accepted, then frees the models, then the device; a load under way ends first.
   */
  @Override
  public Future<?> stop() {
    stopping = true;
    Promise<Void> stopped = Promise.promise();
    loading.execute(
        () -> {
          roster.stop();
          context.runOnContext(loaded -> retireAll(stopped));
        });
    return stopped.future();
  }

  private void retireAll(Promise<Void> stopped) {
    served
        .retireAll()
        .timeout(STOP_SECONDS, TimeUnit.SECONDS)
        .onComplete(
            (freed, late) -> {
              batchers.close();
              loading.execute(
                  () -> {
                    if (late == null) {
                      loader.close();
                    } else {
                      LOG.warn("inference: a batch did not end within {} s", STOP_SECONDS);
                    }
                    stopped.complete();
                  });
              loading.shutdown();
            });
  }
}
