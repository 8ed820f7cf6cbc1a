package io.retort.cli;

import io.retort.config.Verticles;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retort serve}: everything but training. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Serves the live models of the store: every verticle but training.")
final class ServeCommand implements Callable<Integer> {
  @Mixin private NodeOptions node;

  @Override
  public Integer call() {
    Verticles all = node.load(Map.of());
    var serving = all.entries().stream().filter(entry -> !entry.name().equals("training")).toList();
    RunningNode.start(new Verticles(all.vertx(), serving, all.warnings()));
    return CommandLineInterface.STAYS;
  }
}
