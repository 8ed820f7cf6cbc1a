package io.retort.training;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.JobId;
import io.retort.bus.JobList;
import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.JobStatus;
import io.retort.bus.ModelVersion;
import io.retort.bus.ProgressFrame;
import io.retort.bus.ProgressHistory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs of a node: they wait here, run one at a time, and are kept on disk at every turn. On the
 * verticle's context; files are written beside it.
 */
final class JobQueue {
  private static final Logger LOG = LoggerFactory.getLogger(JobQueue.class);
  private static final DateTimeFormatter JOB_NAME =
      DateTimeFormatter.ofPattern("'job-'yyyyMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);

  private final Map<String, Job> jobs = new LinkedHashMap<>();
  private final ArrayDeque<Job> waiting = new ArrayDeque<>();
  private final Context context;
  private final Bus bus;
  private final TrainingThread thread;
  private final JobFiles files;
  private final Recipes recipes;
  private final JobRunner runner;
  private final int maxWaiting;
  private final TrainingMeters meters;
  private Job running;
  private Future<?> saved = Future.succeededFuture();
  private volatile boolean stopping;

  JobQueue(
      Context context,
      Bus bus,
      TrainingThread thread,
      JobFiles files,
      Recipes recipes,
      JobRunner runner,
      int maxWaiting) {
    this.context = context;
    this.bus = bus;
    this.thread = thread;
    this.files = files;
    this.recipes = recipes;
    this.runner = runner;
    this.maxWaiting = maxWaiting;
    this.meters = TrainingMeters.of(context.owner());
  }

  /** Takes up the jobs of an earlier life; those that had not finished are run. */
  void takeUp(List<JobFiles.Kept> kept) {
    kept.forEach(this::takeUp);
    next();
  }

  private void takeUp(JobFiles.Kept kept) {
    Job job = new Job(kept.request(), null, kept.state());
    if (!kept.state().status().finished()) {
      try {
        job = new Job(kept.request(), recipes.of(kept.request()), kept.state());
        waiting.add(job);
        LOG.info("training: job {} goes on", kept.state().id());
      } catch (RuntimeException e) {
        LOG.warn("training: job {} cannot go on: {}", kept.state().id(), e.getMessage());
        save(job.end(JobStatus.FAILED, JobRunner.sentence(e), List.of()));
      }
    }
    jobs.put(kept.state().id(), job);
  }

  /** Whether nothing runs and nothing waits. */
  boolean idle() {
    return running == null && waiting.isEmpty();
  }

  Future<JobState> submit(JobRequest request) {
    if (waiting.size() >= maxWaiting) {
      return Future.failedFuture(Failure.QUEUE_FULL.because(waiting.size() + " jobs wait already"));
    }
    return context
        .owner()
        .executeBlocking(() -> create(request))
        .map(
            job -> {
              JobState accepted = job.state();
              jobs.put(accepted.id(), job);
              waiting.add(job);
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
    meters.count(jobs.values());
    if (running != null || stopping || waiting.isEmpty()) {
      return;
    }
    Job job = waiting.poll();
    running = job;
    save(job.running());
    thread
        .run(
            () ->
                runner.run(
                    job,
                    recipes.seed(job.request()),
                    () -> stopping || job.stopWanted(),
                    frame -> context.runOnContext(turn -> report(job, frame)),
                    promoted -> context.runOnContext(turn -> announce(promoted))))
        .onSuccess(end -> finish(job, end))
        .onFailure(e -> finish(job, JobRunner.End.failed(e)));
  }

  private void report(Job job, ProgressFrame frame) {
    job.progress(frame);
    meters.report(frame);
    bus.publish(Addresses.PROGRESS, frame);
  }

  private void announce(ModelVersion promoted) {
    bus.publish(Addresses.MODEL_PROMOTED, promoted);
  }

  /** A job that stopped only because the node does stays a running one, to be taken up again. */
  private void finish(Job job, JobRunner.End end) {
    running = null;
    meters.report(null);
    if (end.status() != JobStatus.CANCELLED || job.stopWanted()) {
      save(job.end(end.status(), end.error(), end.models()));
      LOG.info("training: job {} is {}", job.state().id(), end.status().word());
    }
    job.finished().complete(job.state());
    next();
  }

  /** Writes in the order of the calls. */
  private void save(JobState state) {
    meters.count(jobs.values());
    saved =
        context
            .owner()
            .executeBlocking(
                () -> {
                  files.save(state);
                  return null;
                })
            .onFailure(unwritten -> LOG.error("training: a job's state is lost", unwritten));
  }

  /** Completes when the last state that was to be written is. */
  Future<?> saved() {
    return saved;
  }

  /** The newest first. */
  JobList list() {
    List<JobState> states = new ArrayList<>(jobs.values().stream().map(Job::state).toList());
    Collections.reverse(states);
    return new JobList(states);
  }

  Future<JobState> state(JobId id) {
    return find(id).map(Job::state);
  }

  private Future<Job> find(JobId id) {
    Job job = jobs.get(id.id());
    return job == null
        ? Future.failedFuture(Failure.UNKNOWN_JOB.because("there is no job " + id.id()))
        : Future.succeededFuture(job);
  }

  /** Answers when the job has really stopped. */
  Future<JobState> cancel(JobId id) {
    return find(id).compose(this::cancel);
  }

  private Future<JobState> cancel(Job job) {
    if (job.state().status().finished()) {
      return Future.failedFuture(
          Failure.JOB_FINISHED.because(
              "job " + job.state().id() + " has ended: it is " + job.state().status().word()));
    }
    job.wantStop();
    if (waiting.remove(job)) {
      save(job.end(JobStatus.CANCELLED, null, List.of()));
      job.finished().complete(job.state());
    }
    return job.finished().future();
  }

  /** The reports of one job, or of all that have not finished. */
  Future<ProgressHistory> history(JobId id) {
    if (id.id().isEmpty()) {
      return read(
          jobs.values().stream()
              .map(Job::state)
              .filter(state -> !state.status().finished())
              .map(JobState::id)
              .toList());
    }
    return find(id).compose(job -> read(List.of(id.id())));
  }

  private Future<ProgressHistory> read(List<String> ids) {
    return context
        .owner()
        .executeBlocking(
            () ->
                new ProgressHistory(
                    ids.stream().flatMap(each -> files.history(each).stream()).toList()));
  }

  /** The job under way stops at its next step; nothing new is begun. */
  void stop() {
    stopping = true;
  }
}
