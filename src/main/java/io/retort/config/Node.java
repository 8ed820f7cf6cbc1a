package io.retort.config;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;

/**
 * The running verticles of one process. They start together, in the order of {@code
 * verticles.json}; they stop one after the other, the last first, so that HTTP, which comes last,
 * has answered what it accepted before the parts that it asks are gone.
 */
public final class Node {
  static {
    leaveOut("io.netty.jfr.enabled", "false");
    leaveOut("vertx.disableDnsResolver", "true");
  }

  private final Vertx vertx;
  private final List<String> deployed;

  private Node(Vertx vertx, List<String> deployed) {
    this.vertx = vertx;
    this.deployed = deployed;
  }

  /**
   * Deploys all; if one cannot start, those that did are stopped and the future fails with its
   * reason.
   */
  public static Future<Node> start(Verticles verticles) {
    return start(Vertx.vertx(verticles.vertx().options()), verticles);
  }

  /** What a node does without starts faster; whoever wants it sets the property. */
  private static void leaveOut(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Deploys all on a Vert.x of the caller, which this node closes when it stops. */
  public static Future<Node> start(Vertx vertx, Verticles verticles) {
    List<Future<String>> deployments = new ArrayList<>();
    for (Verticles.Entry entry : verticles.entries()) {
      deployments.add(vertx.deployVerticle(entry.verticle(), entry.options()));
    }
    Promise<Node> started = Promise.promise();
    Future.join(deployments)
        .onComplete(
            joined -> {
              List<String> ids =
                  deployments.stream().filter(Future::succeeded).map(Future::result).toList();
              Node node = new Node(vertx, ids);
              if (joined.succeeded()) {
                started.complete(node);
              } else {
                node.stop().onComplete(stopped -> started.fail(joined.cause()));
              }
            });
    return started.future();
  }

  public Vertx vertx() {
    return vertx;
  }

  /** Stops the verticles, the last first, then Vert.x. */
  public Future<Void> stop() {
    Future<Void> stopped = Future.succeededFuture();
    for (int i = deployed.size() - 1; i >= 0; i--) {
      String id = deployed.get(i);
      stopped = stopped.eventually(() -> vertx.undeploy(id));
    }
    return stopped.eventually(vertx::close);
  }
}
