package io.retort.config;

import io.retort.json.Fields;
import java.nio.file.Path;
import java.util.Map;

/**
 * Settings of the training verticle. What is null leaves the recipe as it is.
 *
 * @param modelsDirectory the model store, opened for writing: one process at a time
 * @param jobsDirectory where jobs and their checkpoints live
 * @param dataDirectory IDX files, or null for the MNIST inside the jar
 * @param recipe a built-in recipe's name or a file, for jobs that name none
 * @param autoStart whether the recipe runs at start when its student is not live
 * @param threads of the kernels; 0 for one a core
 * @param device {@code auto}, {@code cpu} or {@code cuda}
 * @param seed or null
 * @param epochs of the distillation, or null
 * @param temperature or null
 * @param softWeight weight of the soft loss, the hard one getting the rest, or null
 * @param batchSize or null
 * @param maxQueuedJobs jobs that may wait; more are refused
 * @param progressMillis the least time between two published reports of a phase
 */
public record TrainingConfig(
    Path modelsDirectory,
    Path jobsDirectory,
    Path dataDirectory,
    String recipe,
    boolean autoStart,
    int threads,
    String device,
    Long seed,
    Integer epochs,
    Double temperature,
    Double softWeight,
    Integer batchSize,
    int maxQueuedJobs,
    int progressMillis) {

  /** Reads the settings; what is missing takes its default. */
  public static TrainingConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("training", values);
    Limits limits = new Limits(fields);
    TrainingConfig config =
        new TrainingConfig(
            Path.of(fields.text("modelsDirectory", "models")),
            Path.of(fields.text("jobsDirectory", "jobs")),
            fields.has("dataDirectory") ? Path.of(fields.text("dataDirectory")) : null,
            fields.text("recipe", "mnist"),
            fields.flag("autoStart", false),
            limits.integer("threads", 0, 0, 4096),
            limits.oneOf("device", "auto", "cpu", "cuda"),
            fields.has("seed") ? (Long) fields.whole("seed") : null,
            fields.has("epochs") ? (Integer) limits.integer("epochs", 0, 1, 1_000_000) : null,
            fields.has("temperature") ? (Double) limits.number("temperature", 1e-3, 1e4) : null,
            fields.has("softWeight") ? (Double) limits.number("softWeight", 0, 1) : null,
            fields.has("batchSize") ? (Integer) limits.integer("batchSize", 0, 1, 1 << 16) : null,
            limits.integer("maxQueuedJobs", 100, 1, 1_000_000),
            limits.integer("progressMillis", 100, 0, 60_000));
    fields.end();
    return config;
  }
}
