package io.retort.cli;

import io.retort.config.Node;
import io.retort.config.Verticles;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts a node in the foreground and stops it in order when the process is told to end. */
final class RunningNode {
  private static final Logger LOG = LoggerFactory.getLogger("io.retort.Retort");
  private static final long STOP_SECONDS = 60;

  private RunningNode() {}

  static Node start(Verticles verticles) {
    verticles.warnings().forEach(LOG::warn);
    Node node = Node.start(verticles).toCompletionStage().toCompletableFuture().join();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node), "retort-stop"));
    return node;
  }

  private static void stop(Node node) {
    try {
      node.stop().toCompletionStage().toCompletableFuture().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      LOG.warn("stopping took longer than {} s or failed: {}", STOP_SECONDS, e.toString());
    }
  }
}
