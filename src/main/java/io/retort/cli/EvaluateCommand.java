package io.retort.cli;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.distill.ModelEvaluation;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code retort evaluate}: a stored model against a test set. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures a stored model on the test set.")
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "student",
      description = "which model (default: ${DEFAULT-VALUE})")
  private String model;

  @Option(
      names = "--model-version",
      paramLabel = "N",
      description = "which version (default: the live one)")
  private String version;

  @Option(
      names = "--models",
      paramLabel = "DIR",
      defaultValue = "models",
      description = "the model store (default: ${DEFAULT-VALUE})")
  private Path models;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "IDX files, gzipped or not (default: the MNIST inside the jar)")
  private Path data;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "of the kernels; 0: one a core")
  private int threads;

  @Override
  public Integer call() {
    try (ModelStore store = ModelStore.readOnly(models);
        Device device = Device.open(DeviceKind.AUTO, threads)) {
      ModelCard card = version == null ? live(store) : store.card(model, version);
      print(ModelEvaluation.of(store, card, Dataset.open(data, Split.TEST), device), device);
    }
    return 0;
  }

  private ModelCard live(ModelStore store) {
    return store
        .live(model)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no live version of the model "
                        + model
                        + "; the store has "
                        + store.models()));
  }

  private void print(ModelEvaluation evaluation, Device device) {
    ModelCard card = evaluation.card();
    command
        .commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%s version %s on %s%n"
                + "  accuracy       %.4f (%,d of %,d right)%n"
                + "  cross-entropy  %.4f nats%n"
                + "  parameters     %,d%n"
                + "  multiply-adds  %,d a sample%n"
                + "  speed          %,.0f samples/s%n",
            card.name(),
            card.version(),
            device.describe(),
            evaluation.accuracy(),
            Math.round(evaluation.accuracy() * evaluation.samples()),
            evaluation.samples(),
            evaluation.crossEntropy(),
            card.architecture().parameters(),
            card.architecture().multiplyAdds(),
            evaluation.samplesPerSecond());
  }
}
