package io.retort.training;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.JobRequest;
import io.retort.config.TrainingConfig;
import io.retort.distill.Recipe;
import io.retort.model.ModelStore;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains and distils. Jobs outlive the process: those that were queued or running when it ended are
 * taken up again.
 */
public final class TrainingVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingVerticle.class);

  private TrainingConfig config;
  private TrainingThread thread;
  private Recipes recipes;
  private JobFiles files;
  private ModelStore store;
  private JobQueue jobs;

  @Override
  public Future<?> start() {
    config = TrainingConfig.of(config().getMap());
    thread = new TrainingThread(context);
    return thread.run(this::open).onSuccess(this::serve).onFailure(e -> thread.close(() -> {}));
  }

  private List<JobFiles.Kept> open() {
    recipes = new Recipes(config);
    files = new JobFiles(config.jobsDirectory());
    store = ModelStore.open(config.modelsDirectory());
    return files.all();
  }

  private void serve(List<JobFiles.Kept> kept) {
    Bus bus = Bus.of(vertx);
    JobRunner runner = new JobRunner(config, store, files);
    jobs = new JobQueue(context, bus, thread, files, recipes, runner, config.maxQueuedJobs());
    jobs.takeUp(kept);
    bus.serve(Addresses.JOBS_SUBMIT, jobs::submit);
    bus.serve(Addresses.JOBS_LIST, nothing -> Future.succeededFuture(jobs.list()));
    bus.serve(Addresses.JOBS_STATE, jobs::state);
    bus.serve(Addresses.JOBS_CANCEL, jobs::cancel);
    bus.serve(Addresses.JOBS_HISTORY, jobs::history);
    if (config.autoStart() && jobs.idle()) {
      startIfNoneIsLive();
    }
  }

  /** The student is the last model of a recipe. */
  private void startIfNoneIsLive() {
    Recipe recipe = recipes.standard();
    List<String> models = recipe.models().values().stream().map(each -> each.model()).toList();
    String student = models.get(models.size() - 1);
    thread
        .run(() -> store.live(student).isPresent())
        .compose(live -> live ? Future.succeededFuture() : begin(student, recipe))
        .onFailure(e -> LOG.error("training: no job could be started", e));
  }

  private Future<?> begin(String student, Recipe recipe) {
    LOG.info("training: no {} is live; recipe {} starts", student, recipe.name());
    return jobs.submit(new JobRequest(null, null, new JsonObject()));
  }

  /** Stops at a checkpoint; the job goes on when the node starts again. */
  @Override
  public Future<?> stop() {
    jobs.stop();
    return thread.close(store::close).eventually(jobs::saved);
  }
}
