package io.retort.config;

/**
 * Loads the classes that every node needs on a thread of their own, while the caller still reads
 * its flags and settings: half of a node's start is the loading of classes.
 */
final class EarlyClasses {
  private static final String[] NAMES = {
    "io.netty.util.internal.PlatformDependent",
    "io.vertx.core.impl.VertxImpl",
    "io.netty.channel.MultiThreadIoEventLoopGroup",
    "io.netty.channel.nio.NioIoHandler",
    "io.vertx.core.eventbus.impl.EventBusImpl",
    "io.vertx.core.impl.deployment.DefaultDeploymentManager",
    "io.netty.buffer.AdaptivePoolingAllocator",
    "io.netty.bootstrap.ServerBootstrap",
    "io.netty.channel.socket.nio.NioServerSocketChannel",
    "io.netty.channel.socket.nio.NioSocketChannel",
    "io.vertx.core.http.impl.HttpServerImpl",
    "io.vertx.core.net.impl.NetServerImpl",
    "io.vertx.core.http.impl.Http1xServerConnection",
    "io.netty.handler.codec.http.HttpRequestDecoder",
  };

  private EarlyClasses() {}

  static void load() {
    Thread thread = new Thread(EarlyClasses::loadAll, "retort-early-classes");
    thread.setDaemon(true);
    thread.start();
  }

  /** A class that is not there will be missed, with a better message, by whoever needs it. */
  private static void loadAll() {
    for (String name : NAMES) {
      try {
        Class.forName(name);
      } catch (ClassNotFoundException | LinkageError absent) {
        continue;
      }
    }
  }
}
