package io.retort.http;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.config.HttpConfig;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.net.BindException;
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
  private Bus bus;
  private Body body;
  private PredictRoute predict;
  private FeedRoutes feed;
  private Router router;
  private HttpServer server;
  private boolean stopping;

  @Override
  public Future<?> start() {
    config = HttpConfig.of(config().getMap());
    bus = Bus.of(vertx);
    body = new Body(vertx, config.maxBodyBytes());
    predict =
        new PredictRoute(
            bus, body, new PredictParser(config.maxRows(), config.requestTimeoutMillis()));
    feed = new FeedRoutes(bus, config.maxFeeds());
    server =
        vertx
            .createHttpServer(options())
            .requestHandler(this::handle)
            .invalidRequestHandler(HttpVerticle::refuseUnreadable)
            .exceptionHandler(broken -> LOG.debug("connection", broken));
    return server
        .listen(config.port(), config.host())
        .recover(this::cannotListen)
        .onSuccess(this::announce);
  }

  private HttpServerOptions options() {
    return new HttpServerOptions()
        .setIdleTimeout(config.idleTimeoutSeconds())
        .setIdleTimeoutUnit(TimeUnit.SECONDS)
        .setCompressionSupported(false);
  }

  private void handle(HttpServerRequest request) {
    if (request.path().equals(PredictRoute.PATH)) {
      predict.handle(request);
    } else {
      router().handle(request);
    }
  }

  /**
   * Made for the first request that needs it: a node answers predictions before it has loaded what
   * the rest takes.
   */
  private Router router() {
    if (router == null) {
      router = Router.router(vertx);
      new HealthRoutes(bus, () -> stopping).mount(router);
      new JobRoutes(bus, body).mount(router);
      feed.mount(router);
      router.errorHandler(
          404, context -> refuse(context.request(), Failure.UNKNOWN_ROUTE, "there is no route "));
      router.errorHandler(
          405,
          context ->
              refuse(context.request(), Failure.METHOD_NOT_ALLOWED, "this route does not take "));
      router.errorHandler(
          400,
          context ->
              refuse(context.request(), Failure.INVALID_REQUEST, "the path cannot be read in "));
      router.errorHandler(500, context -> Answers.failure(context.request(), context.failure()));
    }
    return router;
  }

  private static void refuse(HttpServerRequest request, Failure failure, String sentence) {
    Answers.failure(request, failure, sentence + request.method() + " " + request.path());
  }

  private static void refuseUnreadable(HttpServerRequest request) {
    Throwable cause = request.decoderResult().cause();
    if (cause instanceof TooLongHttpLineException) {
      Answers.failure(request, Failure.URI_TOO_LONG, "the request line is too long");
    } else if (cause instanceof TooLongHttpHeaderException) {
      Answers.failure(request, Failure.HEADERS_TOO_LARGE, "the headers are too large");
    } else {
      Answers.failure(
          request, Failure.INVALID_REQUEST, "this is not an HTTP request that can be read");
    }
  }

  private Future<HttpServer> cannotListen(Throwable cause) {
    String place = config.host() + ":" + config.port();
    String reason =
        cause instanceof BindException
            ? "another process has it, or the address is not of this machine; choose another by --port, PORT or verticles.json"
            : cause.getMessage();
    return Future.failedFuture(
        new IllegalStateException(
            "[http] " + place + " must be free to listen on: " + reason, cause));
  }

  /** The port, which another verticle may want to know if it was to be any free one. */
  private void announce(HttpServer listening) {
    vertx.sharedData().getLocalMap("retort.http").put("port", listening.actualPort());
    LOG.info("http: listening on http://{}:{}", config.host(), listening.actualPort());
  }

  /** Lets requests in progress end; new connections are refused from the first moment. */
  @Override
  public Future<?> stop() {
    stopping = true;
    feed.close();
    return server.shutdown(config.shutdownSeconds(), TimeUnit.SECONDS);
  }
}
