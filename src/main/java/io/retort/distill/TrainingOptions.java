package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.device.DeviceKind;
import io.retort.model.ModelStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/**
 * Where a recipe runs: everything that is not the recipe.
 *
 * @param data a directory of IDX files; null for MNIST out of the jar
 * @param train training samples given directly, with {@code test}; null to read {@code data}
 * @param models directory of the model store; used where {@code store} is null
 * @param store an open store, which stays open; null to open {@code models} for the length of the
 *     job
 * @param jobs directory of the jobs' checkpoints
 * @param softLabels directory of the teachers' answers
 * @param jobId the job's name and directory under {@code jobs}
 * @param seed of the initial weights, the order of samples and every other chance
 * @param threads of the kernels; 0 for all cores. The same number gives the same bits
 * @param resume whether to go on where the job of this id stopped
 * @param checkpointEvery how often, beside the end of each epoch, a checkpoint is written
 */
public record TrainingOptions(
    Path data,
    Dataset train,
    Dataset test,
    Path models,
    ModelStore store,
    Path jobs,
    Path softLabels,
    String jobId,
    long seed,
    int threads,
    DeviceKind device,
    boolean resume,
    Duration checkpointEvery) {
  private static final DateTimeFormatter JOB_NAME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS");

  public TrainingOptions {
    if (jobId == null || !jobId.matches("[a-zA-Z0-9][a-zA-Z0-9._-]*")) {
      throw new IllegalArgumentException(
          "[options] a job's id must be letters, digits, dots, dashes and underscores: " + jobId);
    }
    if (threads < 0) {
      throw new IllegalArgumentException("[options] threads must be at least 0: " + threads);
    }
    if ((train == null) != (test == null)) {
      throw new IllegalArgumentException(
          "[options] training and test samples must be given together: one is missing");
    }
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The same with these samples in place of {@code data}. */
  public TrainingOptions withDatasets(Dataset trainingSamples, Dataset testSamples) {
    return new TrainingOptions(
        data,
        trainingSamples,
        testSamples,
        models,
        store,
        jobs,
        softLabels,
        jobId,
        seed,
        threads,
        device,
        resume,
        checkpointEvery);
  }

  Dataset dataset(Split split) {
    if (train != null) {
      return split == Split.TRAIN ? train : test;
    }
    return Dataset.open(data, split);
  }

  /** Settings of a {@link TrainingOptions}; each has a default. */
  public static final class Builder {
    private Path data;
    private Dataset train;
    private Dataset test;
    private Path models = Path.of("models");
    private ModelStore store;
    private Path jobs;
    private Path softLabels;
    private String jobId = "job-" + JOB_NAME.format(ZonedDateTime.now(ZoneOffset.UTC));
    private long seed = 1;
    private int threads;
    private DeviceKind device = DeviceKind.AUTO;
    private boolean resume;
    private Duration checkpointEvery = Duration.ofSeconds(10);

    private Builder() {}

    public Builder data(Path directory) {
      data = directory;
      return this;
    }

    public Builder datasets(Dataset trainingSamples, Dataset testSamples) {
      train = trainingSamples;
      test = testSamples;
      return this;
    }

    public Builder models(Path directory) {
      models = directory;
      return this;
    }

    public Builder store(ModelStore open) {
      store = open;
      return this;
    }

    /** Default: {@code jobs} beside the models directory. */
    public Builder jobs(Path directory) {
      jobs = directory;
      return this;
    }

    /** Default: {@code softlabels} beside the models directory. */
    public Builder softLabels(Path directory) {
      softLabels = directory;
      return this;
    }

    public Builder jobId(String id) {
      jobId = id;
      return this;
    }

    public Builder seed(long number) {
      seed = number;
      return this;
    }

    public Builder threads(int number) {
      threads = number;
      return this;
    }

    public Builder device(DeviceKind kind) {
      device = kind;
      return this;
    }

    public Builder resume(boolean goOn) {
      resume = goOn;
      return this;
    }

    public Builder checkpointEvery(Duration time) {
      checkpointEvery = time;
      return this;
    }

    public TrainingOptions build() {
      Path beside = store == null ? models : store.directory();
      return new TrainingOptions(
          data,
          train,
          test,
          models,
          store,
          jobs == null ? beside.resolveSibling("jobs") : jobs,
          softLabels == null ? beside.resolveSibling("softlabels") : softLabels,
          jobId,
          seed,
          threads,
          device,
          resume,
          checkpointEvery);
    }
  }
}
