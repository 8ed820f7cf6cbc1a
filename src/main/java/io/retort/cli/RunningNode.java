package io.retort.cli;

import io.retort.config.Node;
import io.retort.config.Verticles;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts a node in the foreground and stops it in order when the process is told to end. */
final class RunningNode {
  private static final Logger LOG = LoggerFactory.getLogger("io.retort.Retort");

  /** For all but HTTP, which has settings of its own. */
  private static final long STOP_MILLIS = 60_000;

  private RunningNode() {}

  static Node start(Verticles verticles) {
    verticles.warnings().forEach(LOG::warn);
    Node node = Node.start(verticles).toCompletionStage().toCompletableFuture().join();
    long millis = STOP_MILLIS + verticles.stopMillis();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node, millis), "retort-stop"));
    return node;
  }

  private static void stop(Node node, long millis) {
    LOG.info("stopping");
    try {
      node.stop().toCompletionStage().toCompletableFuture().get(millis, TimeUnit.MILLISECONDS);
    } catch (Exception e) {
      LOG.warn("stopping took longer than {} s or failed: {}", millis / 1000, e.toString());
    }
  }
}
