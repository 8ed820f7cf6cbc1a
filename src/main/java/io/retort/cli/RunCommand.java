package io.retort.cli;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.config.Node;
import io.retort.distill.Phase;
import io.retort.distill.Recipe;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code retort run}: all verticles; trains and distils where no student is live, and serves. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Trains and distils where no student is live, and serves: every verticle.",
    footer = {
      "",
      "If no student is live yet, trains the recipe's teacher, distils the student and puts it live.",
      "Predictions are answered from then on, also while later jobs train."
    })
final class RunCommand implements ServerCommand {
  @Mixin private NodeOptions node = new NodeOptions();

  @Option(
      names = "--recipe",
      paramLabel = "NAME|FILE",
      description = "what to distil and how (default: mnist)")
  private String recipe;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "IDX files, gzipped or not (default: the MNIST inside the jar)")
  private Path data;

  @Option(names = "--epochs", paramLabel = "N", description = "epochs of the student")
  private Integer epochs;

  @Option(names = "--seed", paramLabel = "N", description = "of weights and order (default: 1)")
  private Long seed;

  @Override
  public boolean take(String flag, String text) {
    switch (flag) {
      case "--recipe" -> recipe = text;
      case "--data" -> data = Path.of(text);
      case "--epochs" -> epochs = Integer.valueOf(text);
      case "--seed" -> seed = Long.valueOf(text);
      default -> {
        return node.take(flag, text);
      }
    }
    return true;
  }

  @Override
  public Integer call() {
    Map<String, Object> flags = new LinkedHashMap<>();
    NodeOptions.put(flags, "training.recipe", recipe);
    NodeOptions.put(flags, "training.dataDirectory", data);
    NodeOptions.put(flags, "training.epochs", epochs);
    NodeOptions.put(flags, "training.seed", seed);
    flags.put("training.autoStart", true);
    if (recipe != null) {
      flags.put("inference.defaultModel", student(recipe));
    }
    Node started = RunningNode.start(node.load(flags));
    ProgressLine progress = new ProgressLine(System.err);
    Bus.of(started.vertx())
        .listen(
            Addresses.PROGRESS,
            f ->
                progress.show(
                    f.job(),
                    f.phase(),
                    f.epoch(),
                    f.epochs(),
                    f.step(),
                    f.steps(),
                    f.loss(),
                    f.accuracy(),
                    f.samplesPerSecond()));
    return CommandLineInterface.STAYS;
  }

  /** The name in the store of what the recipe's last phase trains first: it answers by default. */
  private static String student(String recipe) {
    Recipe read = Recipe.load(recipe);
    Phase last = read.phases().get(read.phases().size() - 1);
    return read.models().get(last.train().get(0)).model();
  }
}
