package io.retort.http;

import io.retort.config.HttpConfig;
import io.retort.config.ListenException;
import io.retort.config.SecurityConfig;
import io.retort.security.Certificates;
import io.retort.security.Guard;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP and WebSockets in front of the bus. It knows no model: whoever answers on the bus answers
 * the client.
 */
public final class HttpVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(HttpVerticle.class);
  private HttpConfig config;
  private Certificates certificates;
  private Observations observations;
  private Routes routes;
  private HttpServer server;
  private boolean stopping;

  @Override
  public Future<?> start() {
    config = HttpConfig.of(config().getMap());
    observations = new Observations(vertx, config.accessLog());
    Door door = Door.of(vertx, config.host());
    Connections connections = new Connections(config, observations.meters);
    routes = new Routes(vertx, config, door, connections, observations, () -> stopping);
    HttpServerOptions options = options();
    server =
        vertx
            .createHttpServer(options)
            .connectionHandler(connections::opened)
            .requestHandler(routes::handle)
            .invalidRequestHandler(routes::refuseUnreadable)
            .exceptionHandler(broken -> LOG.debug("connection", broken));
    return server
        .listen(config.port(), config.host())
        .recover(this::cannotListen)
        .onFailure(refused -> observations.close())
        .onSuccess(listening -> announce(listening, options));
  }

  private HttpServerOptions options() {
    HttpServerOptions options =
        new HttpServerOptions()
            .setIdleTimeout(config.idleTimeoutSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS)
            .setMaxInitialLineLength(config.maxLineBytes())
            .setMaxHeaderSize(config.maxHeaderBytes())
            .setWebSocketSubProtocols(List.of(Guard.PROTOCOL))
            .setHttp2ClearTextEnabled(false)
            .setCompressionSupported(false);
    options.getInitialSettings().setMaxHeaderListSize(config.maxHeaderBytes());
    certificates = Certificates.of(SecurityConfig.of(vertx));
    if (certificates != null) {
      certificates.into(options);
    }
    return options;
  }

  /** Every route, for those who want to know them all. */
  Router router() {
    return routes.router();
  }

  private Future<HttpServer> cannotListen(Throwable cause) {
    return Future.failedFuture(
        new ListenException(
            "http", config.host(), config.port(), "--port, PORT or verticles.json", cause));
  }

  /** The port, which another verticle may want to know if it was to be any free one. */
  private void announce(HttpServer listening, HttpServerOptions options) {
    vertx.sharedData().getLocalMap("retort.http").put("port", listening.actualPort());
    String scheme = options.isSsl() ? "https" : "http";
    LOG.info("http: listening on {}://{}:{}", scheme, config.host(), listening.actualPort());
    if (certificates != null) {
      certificates.watch(vertx, listening, options);
    }
  }

  /**
   * Says that it is not ready, goes on for as long as it takes others to notice, then refuses new
   * connections and answers what comes over those that there are until their clients have left.
   */
  @Override
  public Future<?> stop() {
    stopping = true;
    Future<?> noticed =
        config.drainMillis() == 0
            ? Future.succeededFuture()
            : vertx.timer(config.drainMillis(), TimeUnit.MILLISECONDS);
    return noticed.compose(
        time -> {
          routes.close();
          return server
              .shutdown(config.shutdownSeconds(), TimeUnit.SECONDS)
              .eventually(observations::close);
        });
  }
}
