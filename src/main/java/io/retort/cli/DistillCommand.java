package io.retort.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retort distill}: a whole recipe. */
@Command(
    name = "distill",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Carries out a recipe: trains the teacher if the store has none, distils the",
      "student, saves it and puts it live if the recipe says so."
    })
final class DistillCommand implements Callable<Integer> {
  @Mixin private JobOptions job;

  @Override
  public Integer call() {
    return job.run(job.recipe());
  }
}
