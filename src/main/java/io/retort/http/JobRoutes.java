package io.retort.http;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.JobId;
import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.Nothing;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;

/** {@code /v1/jobs}: submit, list, state, cancel. */
final class JobRoutes {
  static final String PATH = "/v1/jobs";
  private final Bus bus;
  private final Body body;

  JobRoutes(Bus bus, Body body) {
    this.bus = bus;
    this.body = body;
  }

  void mount(Router router) {
    router
        .post(PATH)
        .handler(
            context -> body.read(context.request(), bytes -> submit(context.request(), bytes)));
    router.get(PATH).handler(this::list);
    router.get(PATH + "/:id").handler(this::state);
    router.delete(PATH + "/:id").handler(this::cancel);
  }

  private void submit(HttpServerRequest request, Buffer bytes) {
    JobRequest job;
    try {
      String text = bytes.toString(StandardCharsets.UTF_8);
      job = JobRequest.of(new JsonObject(Fields.parse("the body", text).values()));
    } catch (JsonException e) {
      Answers.failure(request, Failure.INVALID_JSON, e.getMessage());
      return;
    } catch (RuntimeException e) {
      Answers.failure(request, e);
      return;
    }
    bus.request(Addresses.JOBS_SUBMIT, job)
        .onSuccess(
            state -> {
              request.response().putHeader(HttpHeaders.LOCATION, PATH + "/" + state.id());
              Answers.json(request, 201, state.toJson());
            })
        .onFailure(failure -> Answers.failure(request, trains(failure)));
  }

  private void list(RoutingContext context) {
    bus.request(Addresses.JOBS_LIST, Nothing.NOTHING)
        .onSuccess(jobs -> Answers.json(context.request(), 200, jobs.toJson()))
        .onFailure(failure -> Answers.failure(context.request(), trains(failure)));
  }

  private void state(RoutingContext context) {
    answer(context, bus.request(Addresses.JOBS_STATE, id(context)));
  }

  private void cancel(RoutingContext context) {
    answer(context, bus.request(Addresses.JOBS_CANCEL, id(context)));
  }

  private static JobId id(RoutingContext context) {
    return new JobId(context.pathParam("id"));
  }

  private static void answer(RoutingContext context, Future<JobState> reply) {
    reply
        .onSuccess(state -> Answers.json(context.request(), 200, state.toJson()))
        .onFailure(failure -> Answers.failure(context.request(), trains(failure)));
  }

  /**
   * Nobody at the jobs' addresses means a node without training, which a client need not read as an
   * address.
   */
  static Throwable trains(Throwable failure) {
    return failure instanceof io.retort.bus.FailureException known
            && known.failure() == Failure.UNAVAILABLE
        ? Failure.UNAVAILABLE.because("no training part runs in this node or cluster")
        : failure;
  }
}
