package io.retort.cli;

import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code retort serve}: everything but training. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Serves the live models of the store: every verticle but training.")
final class ServeCommand implements ServerCommand {
  @Mixin private NodeOptions node = new NodeOptions();

  @Override
  public boolean take(String flag, String text) {
    return node.take(flag, text);
  }

  @Override
  public Integer call() {
    RunningNode.start(node.load(Map.of()).without("training"));
    return CommandLineInterface.STAYS;
  }
}
