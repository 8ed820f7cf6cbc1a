package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A job's directory: {@code recipe.json}, {@code state.json}, the checkpoint of the phase under
 * way, and weights that later phases go on from. Every file is written beside, synced and renamed,
 * so that it is whole at every moment.
 */
final class Job {
  private static final String STATE = "state.json";

  /** What is to be the same when a job goes on, by how a message calls it. */
  record Identity(String recipeHash, String trainingData, String testData, long seed) {
    private Map<String, Object> named() {
      return Settings.of(
          "recipe",
          recipeHash,
          "training data",
          trainingData,
          "test data",
          testData,
          "seed",
          Long.toString(seed));
    }
  }

  private final Path directory;
  private final String id;
  private final String recipe;
  private final Identity identity;
  private final int threads;
  private final Map<String, String> published = new LinkedHashMap<>();
  private int phase;
  private String status = "running";

  private Job(Path directory, String id, String recipe, Identity identity, int threads) {
    this.directory = directory;
    this.id = id;
    this.recipe = recipe;
    this.identity = identity;
    this.threads = threads;
  }

  /**
   * Opens a job's directory and writes the recipe into it.
   *
   * @throws IllegalArgumentException if it is to go on but began with another recipe, data or seed;
   *     or is not to go on but has not ended
   */
  static Job open(TrainingOptions options, Recipe recipe, Identity identity, int threads) {
    Path directory = options.jobs().resolve(options.jobId());
    Job job = new Job(directory, options.jobId(), recipe.name(), identity, threads);
    try {
      Files.createDirectories(directory);
      if (Files.exists(directory.resolve(STATE))) {
        job.takeUp(
            Fields.read("job " + options.jobId(), directory.resolve(STATE)), options.resume());
      }
      replace(directory.resolve("recipe.json"), Json.pretty(recipe.toMap()));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "[job] the jobs directory must be writable: " + options.jobs() + ", " + reason(e), e);
    }
    job.save(null);
    return job;
  }

  private void takeUp(Fields state, boolean resume) throws IOException {
    boolean ended = state.text("status").equals("done");
    if (!resume) {
      if (!ended) {
        throw new IllegalArgumentException(
            "[job] job "
                + id
                + " must be resumed, or get another id: it stopped in phase "
                + state.integer("phase"));
      }
      Files.deleteIfExists(checkpoint());
      return;
    }
    Fields began = state.object("began");
    identity
        .named()
        .forEach(
            (what, now) -> {
              if (!Objects.equals(began.text(what), now)) {
                throw new IllegalArgumentException(
                    "[resume] job "
                        + id
                        + " must go on with the "
                        + what
                        + " it began with, "
                        + began.text(what)
                        + ": "
                        + now);
              }
            });
    phase = state.integer("phase");
    Fields models = state.object("published");
    models.values().keySet().forEach(model -> published.put(model, models.text(model)));
  }

  String id() {
    return id;
  }

  /** The index of the phase under way; the number of phases when all are done. */
  int phase() {
    return phase;
  }

  /** The version under which a model of this job was saved; null where it was not. */
  String published(String participant) {
    return published.get(participant);
  }

  Map<String, String> published() {
    return Map.copyOf(published);
  }

  Path checkpoint() {
    return directory.resolve("checkpoint.safetensors");
  }

  /** Whether the phase under way has a checkpoint; one that an earlier phase left is deleted. */
  boolean hasCheckpoint() {
    if (!Files.exists(checkpoint())) {
      return false;
    }
    if (Checkpoint.read(checkpoint()).whole(Checkpoint.PHASE) == phase) {
      return true;
    }
    delete(checkpoint());
    return false;
  }

  /** Where a model's weights wait for a later phase. */
  Path weights(String participant) {
    return directory.resolve(participant + ".safetensors");
  }

  void publish(String participant, String version) {
    published.put(participant, version);
    save(null);
  }

  /** Ends the phase under way; its checkpoint is no longer wanted. */
  void nextPhase() {
    phase++;
    save(null);
    delete(checkpoint());
  }

  void end(String how, Throwable reasonOrNull) {
    status = how;
    save(reasonOrNull);
  }

  void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new IllegalStateException("[job] " + file + " cannot be deleted: " + reason(e), e);
    }
  }

  private void save(Throwable reasonOrNull) {
    Map<String, Object> state =
        Settings.of(
            "job",
            id,
            "recipe",
            recipe,
            "status",
            status,
            "phase",
            phase,
            "published",
            published,
            "threads",
            threads,
            "began",
            identity.named());
    if (reasonOrNull != null) {
      state.put("error", String.valueOf(reasonOrNull.getMessage()));
    }
    try {
      replace(directory.resolve(STATE), Json.pretty(state));
    } catch (IOException e) {
      throw new IllegalStateException(
          "[job] the state of job " + id + " cannot be written in " + directory + ": " + reason(e),
          e);
    }
  }

  /** What the file system said; its exceptions often hold no more than a path. */
  static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " (" + e.getMessage() + ")";
  }

  private static void replace(Path file, String text) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".part");
    try (FileChannel channel =
        FileChannel.open(
            beside,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
