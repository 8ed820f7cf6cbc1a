package io.retort.http;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;

/**
 * Vert.x alone, answering each request with its own body: what HTTP costs where nothing is done.
 */
public final class EchoServer {
  private EchoServer() {}

  /** EchoServer PORT [LOOPS]: listens until it is killed, on so many event loops. */
  public static void main(String[] arguments) {
    int port = Integer.parseInt(arguments[0]);
    int loops = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1;
    Vertx.vertx(new VertxOptions().setEventLoopPoolSize(loops))
        .deployVerticle(() -> new Echo(port), new DeploymentOptions().setInstances(loops))
        .onFailure(
            failure -> {
              System.err.println(failure.getMessage());
              System.exit(1);
            });
  }

  private static final class Echo extends VerticleBase {
    private final int port;

    Echo(int port) {
      this.port = port;
    }

    @Override
    public Future<?> start() {
      return vertx
          .createHttpServer()
          .requestHandler(request -> request.body().onSuccess(request.response()::end))
          .listen(port, "127.0.0.1");
    }
  }
}
