package io.retort.config;

import io.retort.json.Fields;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Settings of the inference verticle.
 *
 * @param modelsDirectory the model store
 * @param models names to serve; empty: every model with a live version
 * @param defaultModel answers requests that name no model
 * @param compute where the forward pass runs
 * @param threads of one forward pass; 0 for one a core
 * @param lanes threads that run batches beside the event loop, each with plans of its own over
 *     weights that all share
 * @param device {@code auto}, {@code cpu} or {@code cuda}
 * @param precision of products on a GPU: {@code float32}, {@code tf32} or {@code bfloat16}
 * @param maxBatchSize rows of one forward pass
 * @param maxQueueDelayMicros how long a batch may wait to be filled; 0: what waits is run at once
 * @param maxQueuedRows rows that may wait; more are refused at once
 * @param maxRows rows of one request
 * @param timeoutMillis how long a request may wait that brings no limit of its own
 * @param storePollMillis how often the store is looked at for what another process has promoted; 0
 *     for never
 */
public record InferenceConfig(
    Path modelsDirectory,
    List<String> models,
    String defaultModel,
    Compute compute,
    int threads,
    int lanes,
    String device,
    String precision,
    int maxBatchSize,
    int maxQueueDelayMicros,
    int maxQueuedRows,
    int maxRows,
    int timeoutMillis,
    int storePollMillis) {

  /** Where a forward pass runs. */
  public enum Compute {
    /**
     * On the event loop if warm-up measured the model shorter than a change of threads, otherwise
     * on a lane.
     */
    AUTO,
    EVENT_LOOP,
    /** On threads of its own. */
    LANE
  }

  /** Reads the settings; what is missing takes its default. */
  public static InferenceConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("inference", values);
    Limits limits = new Limits(fields);
    InferenceConfig config =
        new InferenceConfig(
            Path.of(fields.text("modelsDirectory", "models")),
            limits.texts("models"),
            fields.text("defaultModel", "student"),
            fields.choice("compute", Compute.class, Compute.AUTO),
            limits.integer("threads", 1, 0, 4096),
            limits.integer("lanes", 1, 1, 256),
            limits.oneOf("device", "auto", "cpu", "cuda"),
            limits.oneOf("precision", "float32", "tf32", "bfloat16"),
            limits.integer("maxBatchSize", 64, 1, 4096),
            limits.integer("maxQueueDelayMicros", 0, 0, 1_000_000),
            limits.integer("maxQueuedRows", 8192, 1, 1 << 24),
            limits.integer("maxRows", 1024, 1, 1 << 20),
            limits.integer("timeoutMillis", 10_000, 1, 600_000),
            limits.integer("storePollMillis", 1000, 0, 3_600_000));
    fields.end();
    return config;
  }
}
