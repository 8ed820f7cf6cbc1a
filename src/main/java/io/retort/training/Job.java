package io.retort.training;

import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.JobStatus;
import io.retort.bus.ModelVersion;
import io.retort.bus.ProgressFrame;
import io.retort.distill.Recipe;
import io.vertx.core.Promise;
import java.time.Instant;
import java.util.List;

/** One job as the verticle knows it; on the verticle's context, but for {@link #stopWanted}. */
final class Job {
  private final JobRequest request;
  private final Recipe recipe;
  private final Promise<JobState> finished = Promise.promise();
  private JobState state;
  private volatile boolean cancelled;

  /** A job to run, or, without a recipe, one that has finished. */
  Job(JobRequest request, Recipe recipe, JobState state) {
    this.request = request;
    this.recipe = recipe;
    this.state = state;
  }

  static Job queued(String id, JobRequest request, Recipe recipe) {
    return new Job(
        request,
        recipe,
        new JobState(
            id, recipe.name(), JobStatus.QUEUED, Instant.now(), null, null, null, null, List.of()));
  }

  JobRequest request() {
    return request;
  }

  Recipe recipe() {
    return recipe;
  }

  JobState state() {
    return state;
  }

  /** Completes when the job has ended, however. */
  Promise<JobState> finished() {
    return finished;
  }

  boolean stopWanted() {
    return cancelled;
  }

  void wantStop() {
    cancelled = true;
  }

  JobState progress(ProgressFrame frame) {
    return state =
        new JobState(
            state.id(),
            state.recipe(),
            state.status(),
            state.created(),
            state.started(),
            state.finished(),
            state.error(),
            frame,
            state.models());
  }

  JobState running() {
    return state = with(JobStatus.RUNNING, Instant.now(), null, null, state.models());
  }

  JobState end(JobStatus status, String error, List<ModelVersion> models) {
    return state = with(status, state.started(), Instant.now(), error, models);
  }

  private JobState with(
      JobStatus status, Instant started, Instant ended, String error, List<ModelVersion> models) {
    return new JobState(
        state.id(),
        state.recipe(),
        status,
        state.created(),
        started,
        ended,
        error,
        state.progress(),
        models);
  }
}
