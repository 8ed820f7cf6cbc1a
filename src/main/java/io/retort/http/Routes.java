package io.retort.http;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.Predictions;
import io.retort.config.HttpConfig;
import io.retort.oip.ModelDirectory;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.util.function.BooleanSupplier;

/**
 * Leads each request to its route. The hot ones are asked before the router, which would take
 * longer to find them than they may; they are in it, too, as every route is.
 */
final class Routes {
  private final Vertx vertx;
  private final HttpConfig config;
  private final Bus bus;
  private final Door door;
  private final Observations observations;
  private final BooleanSupplier stopping;
  private final Body body;
  private final Predictions predictions;
  private final Admission admission;
  private final PredictRoute predict;
  private final FeedRoutes feed;
  private InferRoute infer;
  private Router router;

  /**
   * The routes of one HTTP verticle.
   *
   * @param stopping whether the node takes its leave, which makes it not ready
   */
  Routes(
      Vertx vertx,
      HttpConfig config,
      Door door,
      Connections connections,
      Observations observations,
      BooleanSupplier stopping) {
    this.vertx = vertx;
    this.config = config;
    this.bus = Bus.of(vertx);
    this.door = door;
    this.observations = observations;
    this.stopping = stopping;
    body = new Body(vertx, config.maxBodyBytes(), config.bodyTimeoutSeconds(), door);
    predictions = new Predictions(bus);
    Context context = vertx.getOrCreateContext();
    admission =
        new Admission(config.maxInFlight(), task -> context.runOnContext(end -> task.run()));
    predict =
        new PredictRoute(
            predictions,
            body,
            admission,
            new PredictParser(config.maxRows(), config.requestTimeoutMillis()),
            () -> new BinaryForms(vertx, bus, config));
    feed = new FeedRoutes(bus, config.maxFeeds(), connections, observations.meters);
  }

  void handle(HttpServerRequest request) {
    Observation observation = observations.begin(request);
    if (!door.admits(request)) {
      return;
    }
    String path = request.path();
    if (path.equals(PredictRoute.PATH)) {
      observation.route(PredictRoute.PATH);
      predict.handle(request);
    } else if (!(path.endsWith(InferPath.END) && infer().take(request)) && door.welcomes(request)) {
      router().handle(request);
    }
  }

  /** Made for the first request that needs it, as the router is. */
  private InferRoute infer() {
    if (infer == null) {
      infer =
          new InferRoute(
              predictions,
              body,
              admission,
              new InferParser(config.maxRows(), config.requestTimeoutMillis()));
    }
    return infer;
  }

  /**
   * Made for the first request that needs it: a node answers predictions before it has loaded what
   * the rest takes.
   */
  Router router() {
    if (router == null) {
      router = Router.router(vertx);
      observations.mount(router);
      predict.mount(router);
      infer().mount(router);
      ModelDirectory models = new ModelDirectory(bus);
      new StatisticsRoutes(models).mount(router);
      new RepositoryRoutes(models, body).mount(router);
      new ProtocolRoutes(models, stopping).mount(router);
      new ModelRoutes(bus, body).mount(router);
      new JobRoutes(bus, body).mount(router);
      feed.mount(router);
      new HealthRoutes(bus, stopping).mount(router);
      new MetricsRoute(vertx).mount(router);
      new DocumentRoutes(vertx).mount(router);
      refuseTheRest(router);
    }
    return router;
  }

  private static void refuseTheRest(Router router) {
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

  private static void refuse(HttpServerRequest request, Failure failure, String sentence) {
    Answers.failure(request, failure, sentence + request.method() + " " + request.path());
  }

  void refuseUnreadable(HttpServerRequest request) {
    observations.begin(request).route("unreadable");
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

  /** Ends what would go on for ever. */
  void close() {
    feed.close();
  }
}
