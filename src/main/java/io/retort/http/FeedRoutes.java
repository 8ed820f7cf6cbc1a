package io.retort.http;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.JobId;
import io.retort.bus.ProgressFrame;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.ext.web.Router;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The feed of progress: {@code /v1/jobs/{id}/progress} for one job, {@code /v1/progress} for all. A
 * WebSocket gets the history, then frames as they come; a plain GET gets the history as JSON.
 */
final class FeedRoutes {
  private static final short GOING_AWAY = 1001;
  private final Bus bus;
  private final int maxFeeds;
  private final Connections connections;
  private final HttpMeters meters;
  private final Set<FeedClient> clients = new LinkedHashSet<>();

  FeedRoutes(Bus bus, int maxFeeds, Connections connections, HttpMeters meters) {
    this.bus = bus;
    this.maxFeeds = maxFeeds;
    this.connections = connections;
    this.meters = meters;
    bus.listen(Addresses.PROGRESS, this::spread);
  }

  void mount(Router router) {
    router
        .get(JobRoutes.PATH + "/:id/progress")
        .handler(context -> feed(context.request(), context.pathParam("id")));
    router.get("/v1/progress").handler(context -> feed(context.request(), ""));
  }

  private void spread(ProgressFrame frame) {
    if (clients.isEmpty()) {
      return;
    }
    String text = text(frame);
    for (FeedClient client : clients) {
      client.offer(frame, text);
    }
  }

  private void feed(HttpServerRequest request, String job) {
    if (!request.canUpgradeToWebSocket()) {
      bus.request(Addresses.JOBS_HISTORY, new JobId(job))
          .onSuccess(
              history -> Answers.json(request, 200, Addresses.JOBS_HISTORY.reply().toJson(history)))
          .onFailure(failure -> Answers.failure(request, JobRoutes.trains(failure)));
      return;
    }
    if (clients.size() >= maxFeeds) {
      Answers.failure(
          request, Failure.QUEUE_FULL, "this node feeds " + maxFeeds + " clients already");
      return;
    }
    FeedClient client = new FeedClient(job, meters.droppedFrames);
    clients.add(client);
    meters.feeds.increment();
    request.pause();
    bus.request(Addresses.JOBS_HISTORY, new JobId(job))
        .map(history -> history.frames())
        .recover(failure -> withoutHistory(job, failure))
        .onSuccess(
            frames ->
                request
                    .toWebSocket()
                    .onSuccess(socket -> open(Observation.of(request), client, socket, frames))
                    .onFailure(e -> leave(client)))
        .onFailure(
            failure -> {
              leave(client);
              request.resume();
              Answers.failure(request, JobRoutes.trains(failure));
            });
  }

  /** The feed of all jobs opens even while nobody trains here: a training node may join later. */
  private static Future<List<ProgressFrame>> withoutHistory(String job, Throwable failure) {
    return job.isEmpty() ? Future.succeededFuture(List.of()) : Future.failedFuture(failure);
  }

  private void open(
      Observation observation,
      FeedClient client,
      ServerWebSocket socket,
      List<ProgressFrame> history) {
    observation.upgraded();
    connections.upgraded();
    socket.closeHandler(closed -> leave(client));
    socket.exceptionHandler(broken -> leave(client));
    socket.handler(ignored -> {});
    client.open(socket, history);
  }

  private void leave(FeedClient client) {
    if (clients.remove(client)) {
      meters.feeds.decrement();
    }
  }

  static String text(ProgressFrame frame) {
    return ProgressFrame.FORMAT.toJson(frame).encode();
  }

  /** Ends every feed. */
  void close() {
    List.copyOf(clients).forEach(client -> client.close(GOING_AWAY, "this node stops"));
  }
}
