package io.retort.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retort distill}: a whole recipe. */
@Command(
    name = "distill",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Trains the teacher if the store has none, distils and saves the student.")
final class DistillCommand implements Callable<Integer> {
  @Mixin private JobOptions job;

  @Override
  public Integer call() {
    return job.run(job.recipe());
  }
}
