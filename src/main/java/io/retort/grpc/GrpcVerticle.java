package io.retort.grpc;

import io.retort.bus.Bus;
import io.retort.config.GrpcConfig;
import io.retort.config.ListenException;
import io.retort.config.SecurityConfig;
import io.retort.security.Certificates;
import io.retort.security.Guard;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Open Inference Protocol over gRPC, in front of the bus. Without a port it does nothing, and
 * nothing of gRPC is loaded.
 */
public final class GrpcVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcVerticle.class);

  /**
   * A client resets a call whenever a deadline of its own passes: the two hundred in half a minute
   * that Vert.x allows would cost a busy one its connection.
   */
  private static final int MAX_RESETS = 20_000;

  private GrpcConfig config;
  private Certificates certificates;
  private HttpServer server;
  private boolean stopping;

  @Override
  public Future<?> start() {
    config = GrpcConfig.of(config().getMap());
    if (config.port() == null) {
      return Future.succeededFuture();
    }
    Guard guard = Guard.of(vertx);
    guard.requireSafe("grpc", config.host());
    HttpServerOptions options = options();
    InferenceService service = new InferenceService(Bus.of(vertx), config, () -> stopping);
    server =
        vertx
            .createHttpServer(options)
            .requestHandler(new Calls(vertx, config.maxMessageBytes(), guard, service.methods()))
            .exceptionHandler(broken -> LOG.debug("connection", broken));
    return server
        .listen(config.port(), config.host())
        .recover(this::cannotListen)
        .onSuccess(listening -> announce(listening, options));
  }

  private HttpServerOptions options() {
    HttpServerOptions options =
        new HttpServerOptions()
            .setIdleTimeout(config.idleTimeoutSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS)
            .setHttp2RstFloodMaxRstFramePerWindow(MAX_RESETS);
    certificates = Certificates.of(SecurityConfig.of(vertx));
    if (certificates != null) {
      certificates.into(options);
      options.setUseAlpn(true).setAlpnVersions(List.of(HttpVersion.HTTP_2));
    }
    return options;
  }

  private Future<HttpServer> cannotListen(Throwable cause) {
    return Future.failedFuture(
        new ListenException(
            "grpc",
            config.host(),
            config.port(),
            "--grpc-port, RETORT_GRPC_PORT or verticles.json",
            cause));
  }

  /** The port, which another verticle may want to know if it was to be any free one. */
  private void announce(HttpServer listening, HttpServerOptions options) {
    vertx.sharedData().getLocalMap("retort.grpc").put("port", listening.actualPort());
    String secured = options.isSsl() ? " with TLS" : "";
    LOG.info("grpc: listening on {}:{}{}", config.host(), listening.actualPort(), secured);
    if (certificates != null) {
      certificates.watch(vertx, listening, options);
    }
  }

  /** Lets calls in progress end; new ones are refused from the first moment. */
  @Override
  public Future<?> stop() {
    stopping = true;
    return server == null
        ? Future.succeededFuture()
        : server.shutdown(config.shutdownSeconds(), TimeUnit.SECONDS);
  }
}
