package io.retort.training;

import io.retort.bus.JobStatus;
import io.retort.bus.ModelVersion;
import io.retort.bus.ProgressFrame;
import io.retort.config.TrainingConfig;
import io.retort.device.DeviceKind;
import io.retort.distill.Distillation;
import io.retort.distill.Outcome;
import io.retort.distill.Progress;
import io.retort.distill.Recipe;
import io.retort.distill.TrainingOptions;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one job on the training thread. */
final class JobRunner {
  private static final Logger LOG = LoggerFactory.getLogger(JobRunner.class);

  /** How a job ended. */
  record End(JobStatus status, String error, List<ModelVersion> models) {
    static End failed(Throwable reason) {
      return new End(JobStatus.FAILED, sentence(reason), List.of());
    }
  }

  private final TrainingConfig config;
  private final ModelStore store;
  private final JobFiles files;

  JobRunner(TrainingConfig config, ModelStore store, JobFiles files) {
    this.config = config;
    this.store = store;
    this.files = files;
  }

  /**
   * Runs a job to its end, or goes on where it stopped.
   *
   * @param stopped asked before every step; true leaves the job at a checkpoint
   * @param news every report
   * @param promoted every version that the job made live, as soon as it is
   */
  End run(
      Job job,
      long seed,
      BooleanSupplier stopped,
      Consumer<ProgressFrame> news,
      Consumer<ModelVersion> promoted) {
    Reports reports = new Reports(job.state().id(), files, config.progressMillis(), news);
    Promotions promotions = new Promotions(job.recipe(), promoted);
    End end = outcome(job, seed, stopped, promotions.beside(reports::accept));
    promotions.look();
    if (end.status != JobStatus.CANCELLED || job.stopWanted()) {
      reports.end(end.status.word());
    }
    return end;
  }

  private End outcome(Job job, long seed, BooleanSupplier stopped, Consumer<Progress> listener) {
    try {
      Outcome outcome = new Distillation(job.recipe(), options(job, seed)).run(listener, stopped);
      List<ModelVersion> models =
          outcome.models().stream()
              .map(card -> new ModelVersion(card.name(), card.version()))
              .toList();
      return new End(outcome.cancelled() ? JobStatus.CANCELLED : JobStatus.DONE, null, models);
    } catch (RuntimeException | Error e) {
      LOG.error("training: job {} failed", job.state().id(), e);
      return End.failed(e);
    }
  }

  private TrainingOptions options(Job job, long seed) {
    return TrainingOptions.builder()
        .data(config.dataDirectory())
        .store(store)
        .jobs(config.jobsDirectory())
        .jobId(job.state().id())
        .seed(seed)
        .threads(config.threads())
        .device(DeviceKind.valueOf(config.device().toUpperCase(Locale.ROOT)))
        .resume(true)
        .build();
  }

  /** What a client may read of an error: the sentence without the directories in it. */
  static String sentence(Throwable e) {
    boolean meant = e instanceof IllegalArgumentException || e instanceof IllegalStateException;
    return meant && e.getMessage() != null
        ? e.getMessage().replaceAll("(?<![\\w.])[\\w.~-]*(/[^/\\s:,;'\"]+)*/(?=[^/\\s])", "")
        : "something went wrong inside; the log of the server says what";
  }

  /** Notices, between two phases, which models have another live version than before. */
  private final class Promotions {
    private final Map<String, String> known = new HashMap<>();
    private final List<String> models;
    private final Consumer<ModelVersion> promoted;
    private String phase = "";

    Promotions(Recipe recipe, Consumer<ModelVersion> promoted) {
      this.models = recipe.models().values().stream().map(each -> each.model()).toList();
      this.promoted = promoted;
      live().forEach(card -> known.put(card.name(), card.version()));
    }

    Consumer<Progress> beside(Consumer<Progress> listener) {
      return progress -> {
        listener.accept(progress);
        if (!progress.phase().equals(phase)) {
          phase = progress.phase();
          look();
        }
      };
    }

    void look() {
      live()
          .filter(card -> !card.version().equals(known.put(card.name(), card.version())))
          .forEach(card -> promoted.accept(new ModelVersion(card.name(), card.version())));
    }

    private Stream<ModelCard> live() {
      return models.stream().map(store::live).flatMap(Optional::stream);
    }
  }
}
