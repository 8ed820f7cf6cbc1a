package io.retort.training;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.JobId;
import io.retort.bus.JobList;
import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.JobStatus;
import io.retort.bus.ProgressFrame;
import io.retort.bus.ProgressHistory;
import io.retort.config.TrainingConfig;
import io.retort.distill.Recipe;
import io.retort.model.ModelStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs, one at a time, on a thread of its own. Jobs outlive the process: those that were
 * queued or running when it ended are taken up again.
 */
public final class TrainingVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingVerticle.class);
  private static final DateTimeFormatter JOB_NAME =
      DateTimeFormatter.ofPattern("'job-'yyyyMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);

  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private final ArrayDeque<Job> queue = new ArrayDeque<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(TrainingVerticle::thread);
  private TrainingConfig config;
  private Recipes recipes;
  private JobFiles files;
  private ModelStore store;
  private Bus bus;
  private Job running;
  private volatile boolean stopping;

  @Override
  public Future<?> start() {
    config = TrainingConfig.of(config().getMap());
    bus = Bus.of(vertx);
    return onThread(this::open).onSuccess(this::takeUp).onFailure(unopened -> thread.shutdown());
  }

  private List<JobFiles.Kept> open() {
    recipes = new Recipes(config);
    files = new JobFiles(config.jobsDirectory());
    store = ModelStore.open(config.modelsDirectory());
    return files.all();
  }

  private void takeUp(List<JobFiles.Kept> kept) {
    kept.forEach(this::takeUp);
    bus.serve(Addresses.JOBS_SUBMIT, this::submit);
    bus.serve(Addresses.JOBS_LIST, nothing -> Future.succeededFuture(list()));
    bus.serve(Addresses.JOBS_STATE, id -> find(id).map(Job::state));
    bus.serve(Addresses.JOBS_CANCEL, id -> find(id).compose(this::cancel));
    bus.serve(Addresses.JOBS_HISTORY, this::history);
    if (config.autoStart() && queue.isEmpty()) {
      startIfNoneIsLive();
    }
    next();
  }

  private void takeUp(JobFiles.Kept kept) {
    Job job = new Job(kept.request(), null, kept.state());
    if (!kept.state().status().finished()) {
      try {
        job = new Job(kept.request(), recipes.of(kept.request()), kept.state());
        queue.add(job);
        LOG.info("training: job {} goes on", kept.state().id());
      } catch (RuntimeException e) {
        LOG.warn("training: job {} cannot go on: {}", kept.state().id(), e.getMessage());
        save(job.end(JobStatus.FAILED, e.getMessage(), List.of()));
      }
    }
    jobs.put(kept.state().id(), job);
  }

  /** The student is the last model of a recipe. */
  private void startIfNoneIsLive() {
    Recipe recipe = recipes.standard();
    List<String> models = recipe.models().values().stream().map(each -> each.model()).toList();
    String student = models.get(models.size() - 1);
    onThread(() -> store.live(student).isPresent())
        .onSuccess(
            live -> {
              if (!live) {
                LOG.info("training: no {} is live; recipe {} starts", student, recipe.name());
                submit(new JobRequest(null, null, new JsonObject()))
                    .onFailure(refused -> LOG.error("training: {}", refused.getMessage()));
              }
            })
        .onFailure(unread -> LOG.error("training: {}", unread.getMessage()));
  }

  private Future<JobState> submit(JobRequest request) {
    if (queue.size() >= config.maxQueuedJobs()) {
      return Future.failedFuture(Failure.QUEUE_FULL.because(queue.size() + " jobs wait already"));
    }
    return vertx
        .executeBlocking(() -> create(request))
        .map(
            job -> {
              JobState accepted = job.state();
              jobs.put(accepted.id(), job);
              queue.add(job);
              next();
              return accepted;
            });
  }

  private Job create(JobRequest request) {
    recipes.seed(request);
    Job job = Job.queued(newId(), request, recipes.of(request));
    files.create(request, job.state());
    return job;
  }

  private String newId() {
    Instant time = Instant.now();
    while (files.has(JOB_NAME.format(time))) {
      time = time.plusMillis(1);
    }
    return JOB_NAME.format(time);
  }

  private void next() {
    if (running != null || stopping || queue.isEmpty()) {
      return;
    }
    Job job = queue.poll();
    running = job;
    save(job.running());
    JobRunner runner = new JobRunner(config, store, files);
    onThread(
            () ->
                runner.run(
                    job,
                    recipes.seed(job.request()),
                    () -> stopping || job.stopWanted(),
                    frame -> context.runOnContext(turn -> report(job, frame)),
                    promoted ->
                        context.runOnContext(
                            turn -> bus.publish(Addresses.MODEL_PROMOTED, promoted))))
        .onSuccess(end -> finish(job, end))
        .onFailure(
            e ->
                finish(job, new JobRunner.End(JobStatus.FAILED, JobRunner.sentence(e), List.of())));
  }

  private void report(Job job, ProgressFrame frame) {
    job.progress(frame);
    bus.publish(Addresses.PROGRESS, frame);
  }

  /** A job that stopped only because the node does stays a running one, to be taken up again. */
  private void finish(Job job, JobRunner.End end) {
    running = null;
    if (end.status() != JobStatus.CANCELLED || job.stopWanted()) {
      save(job.end(end.status(), end.error(), end.models()));
      LOG.info("training: job {} is {}", job.state().id(), end.status().word());
    }
    job.finished().complete(job.state());
    next();
  }

  /** Writes beside the event loop, in the order of the calls. */
  private void save(JobState state) {
    vertx
        .executeBlocking(
            () -> {
              files.save(state);
              return null;
            })
        .onFailure(unwritten -> LOG.error("training: {}", unwritten.getMessage(), unwritten));
  }

  private JobList list() {
    List<JobState> states = new ArrayList<>(jobs.values().stream().map(Job::state).toList());
    Collections.reverse(states);
    return new JobList(states);
  }

  private Future<Job> find(JobId id) {
    Job job = jobs.get(id.id());
    return job == null
        ? Future.failedFuture(Failure.UNKNOWN_JOB.because("there is no job " + id.id()))
        : Future.succeededFuture(job);
  }

  /** Answers when the job has really stopped. */
  private Future<JobState> cancel(Job job) {
    if (job.state().status().finished()) {
      return Future.failedFuture(
          Failure.JOB_FINISHED.because(
              "job " + job.state().id() + " has ended: it is " + job.state().status().word()));
    }
    job.wantStop();
    if (queue.remove(job)) {
      save(job.end(JobStatus.CANCELLED, null, List.of()));
      job.finished().complete(job.state());
    }
    return job.finished().future();
  }

  private Future<ProgressHistory> history(JobId id) {
    List<String> wanted =
        id.id().isEmpty()
            ? jobs.values().stream()
                .map(Job::state)
                .filter(s -> !s.status().finished())
                .map(JobState::id)
                .toList()
            : List.of(id.id());
    return (id.id().isEmpty() ? Future.succeededFuture() : find(id))
        .compose(
            found ->
                vertx.executeBlocking(
                    () ->
                        new ProgressHistory(
                            wanted.stream()
                                .flatMap(each -> files.history(each).stream())
                                .toList())));
  }

  /** Runs something on the training thread; the future completes on the verticle's context. */
  private <T> Future<T> onThread(java.util.concurrent.Callable<T> task) {
    Promise<T> promise = Promise.promise();
    thread.execute(
        () -> {
          try {
            T result = task.call();
            context.runOnContext(turn -> promise.complete(result));
          } catch (Exception | Error e) {
            context.runOnContext(turn -> promise.fail(e));
          }
        });
    return promise.future();
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "retort-training");
    thread.setDaemon(true);
    return thread;
  }

  /** Stops at a checkpoint; the job goes on when the node starts again. */
  @Override
  public Future<?> stop() {
    stopping = true;
    Promise<Void> stopped = Promise.promise();
    thread.execute(
        () -> {
          store.close();
          stopped.complete();
        });
    thread.shutdown();
    return stopped.future();
  }
}
