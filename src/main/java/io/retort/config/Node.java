package io.retort.config;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The running verticles of one process. They start together, in the order of {@code
 * verticles.json}; they stop one after the other, in the order of {@link Part}, so that HTTP has
 * answered what it accepted before the parts that it asks are gone.
 */
public final class Node {
  static {
    leaveOut("io.netty.jfr.enabled", "false");
    leaveOut("vertx.disableDnsResolver", "true");
  }

  private final Vertx vertx;
  private final List<Deployed> deployed;

  private record Deployed(String id, Part part) {}

  private Node(Vertx vertx, List<Deployed> deployed) {
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

  /** Says that a node will soon be started: some of what it needs is got ready from now on. */
  public static void prepare() {
    EarlyClasses.load();
  }

  /** What a node does without starts faster; whoever wants it sets the property. */
  private static void leaveOut(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Deploys all on a Vert.x of the caller, which this node closes when it stops. */
  public static Future<Node> start(Vertx vertx, Verticles verticles) {
    verticles.security().share(vertx);
    List<Future<Deployed>> deployments = new ArrayList<>();
    for (Verticles.Entry entry : verticles.entries()) {
      Part part = Part.of(entry.verticle());
      deployments.add(
          vertx
              .deployVerticle(entry.verticle(), entry.options())
              .map(id -> new Deployed(id, part)));
    }
    Promise<Node> started = Promise.promise();
    Future.join(deployments)
        .onComplete(
            joined -> {
              List<Deployed> deployed =
                  deployments.stream().filter(Future::succeeded).map(Future::result).toList();
              Node node = new Node(vertx, deployed);
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

  /** Stops the verticles, strangers' first, then Vert.x. */
  public Future<Void> stop() {
    List<Deployed> order = new ArrayList<>(deployed);
    order.sort(Comparator.comparingInt(each -> each.part == null ? -1 : each.part.ordinal()));
    Future<Void> stopped = Future.succeededFuture();
    for (Deployed each : order) {
      stopped = stopped.eventually(() -> vertx.undeploy(each.id));
    }
    return stopped.eventually(vertx::close);
  }
}
