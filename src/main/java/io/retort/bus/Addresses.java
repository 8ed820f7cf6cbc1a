package io.retort.bus;

import java.util.List;

/**
 * Every address of the bus. A stranger may send a JsonObject to any of them and gets a JsonObject
 * back.
 */
public final class Addresses {
  /** Predictions from the model. */
  public static final Address<PredictRequest, PredictReply> PREDICT =
      new Address<>("retort.predict", PredictRequest.FORMAT, PredictReply.FORMAT);

  /** The same, from the cache where it knows the answer. */
  public static final Address<PredictRequest, PredictReply> CACHE_PREDICT =
      new Address<>("retort.cache.predict", PredictRequest.FORMAT, PredictReply.FORMAT);

  public static final Address<Nothing, CacheState> CACHE_STATE =
      new Address<>("retort.cache.state", Nothing.FORMAT, CacheState.FORMAT);

  /** The models that answer at this moment. */
  public static final Address<Nothing, LiveModels> MODELS_LIVE =
      new Address<>("retort.models.live", Nothing.FORMAT, LiveModels.FORMAT);

  public static final Address<JobRequest, JobState> JOBS_SUBMIT =
      new Address<>("retort.jobs.submit", JobRequest.FORMAT, JobState.FORMAT);

  public static final Address<Nothing, JobList> JOBS_LIST =
      new Address<>("retort.jobs.list", Nothing.FORMAT, JobList.FORMAT);

  public static final Address<JobId, JobState> JOBS_STATE =
      new Address<>("retort.jobs.state", JobId.FORMAT, JobState.FORMAT);

  public static final Address<JobId, JobState> JOBS_CANCEL =
      new Address<>("retort.jobs.cancel", JobId.FORMAT, JobState.FORMAT);

  /**
   * The reports of a job so far, oldest first; of every job that has not finished, if the id is
   * empty.
   */
  public static final Address<JobId, ProgressHistory> JOBS_HISTORY =
      new Address<>("retort.jobs.history", JobId.FORMAT, ProgressHistory.FORMAT);

  /** One report of a running job. */
  public static final Topic<ProgressFrame> PROGRESS =
      new Topic<>("retort.progress", ProgressFrame.FORMAT);

  /** A version was promoted in the store: whoever serves the model may load it. */
  public static final Topic<ModelVersion> MODEL_PROMOTED =
      new Topic<>("retort.models.promoted", ModelVersion.FORMAT);

  /** A version answers from now on: answers of other versions of the model are old. */
  public static final Topic<LiveModel> MODEL_SERVED =
      new Topic<>("retort.models.served", LiveModel.FORMAT);

  static final List<Format<?>> FORMATS =
      List.of(
          PredictRequest.FORMAT,
          PredictReply.FORMAT,
          CacheState.FORMAT,
          LiveModels.FORMAT,
          LiveModel.FORMAT,
          ModelVersion.FORMAT,
          JobRequest.FORMAT,
          JobState.FORMAT,
          JobList.FORMAT,
          JobId.FORMAT,
          ProgressFrame.FORMAT,
          ProgressHistory.FORMAT,
          Nothing.FORMAT);

  private Addresses() {}
}
