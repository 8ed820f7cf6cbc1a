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

  /** What was answered to the same bytes before; a cache without that memory is not there. */
  public static final Address<Recall, Recollection> CACHE_RECALL =
      new Address<>("retort.cache.recall", Recall.FORMAT, Recollection.FORMAT);

  /** As {@link #CACHE_PREDICT}; the next {@link #CACHE_RECALL} of the body knows the answer. */
  public static final Address<Lesson, PredictReply> CACHE_LEARN =
      new Address<>("retort.cache.learn", Lesson.FORMAT, PredictReply.FORMAT);

  public static final Address<Nothing, CacheState> CACHE_STATE =
      new Address<>("retort.cache.state", Nothing.FORMAT, CacheState.FORMAT);

  /** The models that answer at this moment. */
  public static final Address<Nothing, LiveModels> MODELS_LIVE =
      new Address<>("retort.models.live", Nothing.FORMAT, LiveModels.FORMAT);

  /** A model of the store, or all of them, with every version. */
  public static final Address<ModelName, ModelList> MODELS_LIST =
      new Address<>("retort.models.list", ModelName.FORMAT, ModelList.FORMAT);

  /** Loads a version (the live one where it is null) and keeps it warm beside what answers. */
  public static final Address<ModelVersion, ModelState> MODELS_LOAD =
      new Address<>("retort.models.load", ModelVersion.FORMAT, ModelState.FORMAT);

  /** Frees a version, or every version of the model where it is null. */
  public static final Address<ModelVersion, ModelState> MODELS_UNLOAD =
      new Address<>("retort.models.unload", ModelVersion.FORMAT, ModelState.FORMAT);

  /** Loads a version, then has it answer. */
  public static final Address<ModelVersion, ModelState> MODELS_PROMOTE =
      new Address<>("retort.models.promote", ModelVersion.FORMAT, ModelState.FORMAT);

  /** Has the version answer that did before. */
  public static final Address<ModelName, ModelState> MODELS_ROLLBACK =
      new Address<>("retort.models.rollback", ModelName.FORMAT, ModelState.FORMAT);

  /** Shares the requests between versions. */
  public static final Address<ModelSplit, ModelState> MODELS_SPLIT =
      new Address<>("retort.models.split", ModelSplit.FORMAT, ModelState.FORMAT);

  /** Has a version compute beside the one that answers; none where it is null. */
  public static final Address<ModelVersion, ModelState> MODELS_SHADOW =
      new Address<>("retort.models.shadow", ModelVersion.FORMAT, ModelState.FORMAT);

  public static final Address<ModelLabel, ModelState> MODELS_LABEL =
      new Address<>("retort.models.label", ModelLabel.FORMAT, ModelState.FORMAT);

  /** Of one model, or of all. */
  public static final Address<ModelName, ModelStatistics> MODELS_STATISTICS =
      new Address<>("retort.models.statistics", ModelName.FORMAT, ModelStatistics.FORMAT);

  public static final Address<ModelName, ShadowComparison> MODELS_COMPARISON =
      new Address<>("retort.models.comparison", ModelName.FORMAT, ShadowComparison.FORMAT);

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

  /** The traffic of a model from now on: answers of versions that have no part in it are old. */
  public static final Topic<LiveModel> MODEL_SERVED =
      new Topic<>("retort.models.served", LiveModel.FORMAT);

  /** No version of the model answers any more. */
  public static final Topic<ModelName> MODEL_RETIRED =
      new Topic<>("retort.models.retired", ModelName.FORMAT);

  static final List<Format<?>> FORMATS =
      List.of(
          PredictRequest.FORMAT,
          PredictReply.FORMAT,
          Recall.FORMAT,
          Recollection.FORMAT,
          Lesson.FORMAT,
          CacheState.FORMAT,
          LiveModels.FORMAT,
          LiveModel.FORMAT,
          ModelVersion.FORMAT,
          ModelName.FORMAT,
          ModelSplit.FORMAT,
          ModelLabel.FORMAT,
          ModelState.FORMAT,
          ModelList.FORMAT,
          ModelStatistics.FORMAT,
          ShadowComparison.FORMAT,
          JobRequest.FORMAT,
          JobState.FORMAT,
          JobList.FORMAT,
          JobId.FORMAT,
          ProgressFrame.FORMAT,
          ProgressHistory.FORMAT,
          Nothing.FORMAT);

  private Addresses() {}
}
