package io.retort.cli;

import io.retort.distill.Recipe;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retort train}: the first phase of a recipe, as a rule the teacher. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Trains and saves the model of a recipe's first phase, as a rule the teacher.")
final class TrainCommand implements Callable<Integer> {
  @Mixin private JobOptions job;

  @Override
  public Integer call() {
    Recipe whole = job.recipe();
    return job.run(whole.upTo(whole.phases().get(0).name()));
  }
}
