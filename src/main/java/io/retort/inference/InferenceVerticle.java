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
import io.retort.device.DeviceLostException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Predicts. A version that was promoted is loaded and warmed beside the one that answers; then it
 * takes over, and the old one answers what it has accepted before its memory is freed.
 */
public final class InferenceVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceVerticle.class);

  private static final long STOP_SECONDS = 30;
  private final ExecutorService loading = Lane.named("retort-loader");
  private final ExecutorService lane = Lane.named("retort-lane");
  private final ModelLoader.Opener devices;
  private InferenceConfig config;
  private ModelLoader loader;
  private ServedModels served;
  private Bus bus;
  private String degraded;
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
    loader = new ModelLoader(config, devices);
    served = new ServedModels(config, lane, this::inNextTurn, this::onContext, this::turnToCpu);
    bus = Bus.of(vertx);
    loading.execute(this::loadAll);
    bus.serve(Addresses.PREDICT, this::predict);
    bus.serve(Addresses.MODELS_LIVE, nothing -> Future.succeededFuture(live()));
    bus.listen(Addresses.MODEL_PROMOTED, this::promoted);
    return Future.succeededFuture();
  }

  private Future<PredictReply> predict(PredictRequest request) {
    String name = request.model() == null ? config.defaultModel() : request.model();
    Batcher batcher = served.get(name);
    if (batcher == null) {
      return Future.failedFuture(notServed(name));
    }
    FailureException refusal = RequestCheck.refusal(request, batcher.model(), config.maxRows());
    if (refusal != null) {
      return Future.failedFuture(refusal);
    }
    long millis = request.timeoutMillis() > 0 ? request.timeoutMillis() : config.timeoutMillis();
    return batcher.submit(request, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private FailureException notServed(String name) {
    return name.equals(config.defaultModel()) || !loadedAll
        ? Failure.NOT_READY.because("no version of the model " + name + " is live yet")
        : Failure.UNKNOWN_MODEL.because("there is no live model of this name: " + name);
  }

  private LiveModels live() {
    return new LiveModels(served.live(), degraded);
  }

  private void loadAll() {
    try {
      LOG.info("inference: device {}", loader.device().describe());
      loader.names().forEach(name -> load(name, null));
    } catch (RuntimeException | Error e) {
      LOG.error("inference: the models cannot be read: {}", e.getMessage(), e);
    }
    context.runOnContext(done -> loadedAll = true);
  }

  private void promoted(ModelVersion promoted) {
    if (!stopping && loader.serves(promoted.model())) {
      String version = served.version(promoted.model());
      loading.execute(() -> load(promoted.model(), version));
    }
  }

  /** Whether that could be done; there may be no version, or it is served already. */
  private boolean load(String name, String version) {
    try {
      loader.load(name, version).ifPresent(model -> context.runOnContext(warm -> takeOver(model)));
      return true;
    } catch (DeviceLostException e) {
      context.runOnContext(done -> turnToCpu(e));
    } catch (RuntimeException | Error e) {
      LOG.error("inference: {} cannot be served: {}", name, e.getMessage(), e);
    }
    return false;
  }

  /** What was asked waits in its queue until the same models are there on the CPU. */
  private void turnToCpu(DeviceLostException reason) {
    if (degraded != null || stopping) {
      return;
    }
    degraded = reason.getMessage();
    LOG.warn("inference: from now on the CPU answers; {}", degraded);
    loading.execute(
        () -> {
          loader.turnToCpu();
          for (String name : loader.names()) {
            if (!load(name, null)) {
              context.runOnContext(failed -> served.retire(name));
            }
          }
        });
  }

  private void takeOver(WarmModel model) {
    served.takeOver(model);
    LOG.info(
        "inference: {} version {} is live, {} µs a row",
        model.card().name(),
        model.card().version(),
        model.nanosOfOne() / 1000);
    bus.publish(Addresses.MODEL_SERVED, served.describe(model));
  }

  private void inNextTurn(Runnable task) {
    context.runOnContext(turn -> task.run());
  }

  /** At once where this is the event loop already. */
  private void onContext(Runnable task) {
    if (io.vertx.core.Vertx.currentContext() == context) {
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
    loading.execute(() -> context.runOnContext(loaded -> retireAll(stopped)));
    return stopped.future();
  }

  private void retireAll(Promise<Void> stopped) {
    served.retireAll();
    context.runOnContext(
        retired ->
            loading.execute(
                () -> {
                  shutDown();
                  stopped.complete();
                }));
  }

  private void shutDown() {
    lane.shutdown();
    loading.shutdown();
    try {
      if (!lane.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("inference: a batch did not end within {} s", STOP_SECONDS);
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    loader.close();
  }
}
