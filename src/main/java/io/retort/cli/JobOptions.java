package io.retort.cli;

import io.retort.device.DeviceKind;
import io.retort.distill.Distillation;
import io.retort.distill.Outcome;
import io.retort.distill.Recipe;
import io.retort.distill.TrainingOptions;
import io.retort.model.ModelCard;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Flags of the commands that train, and the training itself. */
final class JobOptions {
  private static final long STOP_SECONDS = 30;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--recipe",
      paramLabel = "NAME|FILE",
      defaultValue = "mnist",
      description = "a built-in recipe or a JSON file (default: ${DEFAULT-VALUE})")
  private String recipe;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "IDX files, gzipped or not (default: the MNIST inside the jar)")
  private Path data;

  @Option(
      names = "--models",
      paramLabel = "DIR",
      defaultValue = "models",
      description = "the model store (default: ${DEFAULT-VALUE})")
  private Path models;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "epochs of the last phase (default: the recipe's)")
  private Integer epochs;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "of weights, order and every other chance (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "of the kernels; 0: one a core. The same number gives the same weights, bit for bit")
  private int threads;

  @Option(
      names = "--device",
      defaultValue = "AUTO",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
  private DeviceKind device;

  @Option(
      names = "--job",
      paramLabel = "ID",
      description = "the job's name; the directory of its checkpoints")
  private String job;

  @Option(names = "--resume", description = "go on with --job ID where it stopped")
  private boolean resume;

  /** The recipe, not yet with {@code --epochs}. */
  Recipe recipe() {
    return Recipe.load(recipe);
  }

  /**
   * Trains by the recipe, its last phase as long as {@code --epochs} says, with its progress on the
   * standard error stream. Control-C leaves a job that can be resumed.
   */
  int run(Recipe carriedOut) {
    Recipe chosen = epochs == null ? carriedOut : carriedOut.withEpochs(epochs);
    if (resume && job == null) {
      throw new IllegalArgumentException("--resume must come with --job ID: no job is named");
    }
    TrainingOptions.Builder options =
        TrainingOptions.builder()
            .data(data)
            .models(models)
            .seed(seed)
            .threads(threads)
            .device(device)
            .resume(resume);
    if (job != null) {
      options.jobId(job);
    }
    TrainingOptions training = options.build();
    AtomicBoolean cancelled = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    Thread interrupt = new Thread(() -> cancel(cancelled, ended), "retort-stop");
    Runtime.getRuntime().addShutdownHook(interrupt);
    try {
      return run(chosen, training, cancelled);
    } finally {
      ended.countDown();
    }
  }

  private int run(Recipe chosen, TrainingOptions training, AtomicBoolean cancelled) {
    ProgressLine progress = new ProgressLine(System.err);
    Outcome outcome =
        new Distillation(chosen, training)
            .run(
                p ->
                    progress.show(
                        p.job(),
                        p.phase(),
                        p.epoch(),
                        p.epochs(),
                        p.step(),
                        p.steps(),
                        p.loss(),
                        p.accuracy(),
                        p.samplesPerSecond()),
                cancelled::get);
    progress.close();
    return report(outcome, training);
  }

  /** Waits for the job's last checkpoint, not for the main thread: that one waits for this. */
  private static void cancel(AtomicBoolean cancelled, CountDownLatch ended) {
    cancelled.set(true);
    try {
      ended.await(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int report(Outcome outcome, TrainingOptions options) {
    PrintWriter out = command.commandLine().getOut();
    if (outcome.cancelled()) {
      out.println(
          "cancelled; go on with: retort "
              + command.name()
              + " --job "
              + outcome.job()
              + " --resume");
      return CommandLineInterface.CANCELLED;
    }
    for (ModelCard card : outcome.models()) {
      out.println(card.name() + " version " + card.version() + ", " + metrics(card));
    }
    out.println("in " + options.models().toAbsolutePath().normalize());
    return 0;
  }

  private static String metrics(ModelCard card) {
    StringBuilder text = new StringBuilder();
    card.metrics()
        .forEach(
            (name, value) ->
                text.append(text.isEmpty() ? "" : ", ")
                    .append(name)
                    .append(' ')
                    .append(
                        value == Math.rint(value)
                            ? String.format(Locale.ROOT, "%,.0f", value)
                            : String.format(Locale.ROOT, "%.4f", value)));
    return text.toString();
  }
}
