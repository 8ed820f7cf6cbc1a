package io.retort.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class BusTest {
  private Vertx vertx;
  private Bus bus;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    bus = Bus.of(vertx);
  }

  @Test
  void of_secondCall_registersNothingTwice() {
    assertThat(catchThrowable(() -> Bus.of(vertx))).isNull();
  }

  @Test
  void request_record_passesArraysByReference() {
    float[] features = {1, 2};
    CompletableFuture<float[]> seen = new CompletableFuture<>();
    bus.serve(
        Addresses.PREDICT,
        request -> {
          seen.complete(request.features());
          return Future.succeededFuture(reply(request));
        });

    PredictReply reply = await(bus.request(Addresses.PREDICT, PredictRequest.of(features)));

    assertThat(seen.join()).isSameAs(features);
    assertThat(reply.predictions()).containsExactly(3);
  }

  @Test
  void request_strangersJson_isAnsweredInJson() {
    bus.serve(Addresses.PREDICT, request -> Future.succeededFuture(reply(request)));
    JsonObject question =
        new JsonObject().put("model", "m").put("features", new JsonArray().add(1).add(2.5));

    Message<JsonObject> answer = await(vertx.eventBus().request("retort.predict", question));

    assertThat(answer.body().getJsonArray("prediction").getJsonArray(0).getFloat(0))
        .isEqualTo(3.5f);
    assertThat(answer.body().getString("source")).isEqualTo("model");
  }

  @Test
  void request_strangersBadJson_failsWithNumberAndSentence() {
    bus.serve(Addresses.PREDICT, request -> Future.succeededFuture(reply(request)));
    JsonObject ragged =
        new JsonObject()
            .put("features", new JsonArray().add(new JsonArray().add(1)).add(new JsonArray()));

    ReplyException failure = failure(vertx.eventBus().request("retort.predict", ragged));

    assertThat(failure.failureCode()).isEqualTo(Failure.INVALID_FEATURES.number());
    assertThat(failure)
        .hasMessage("every row must be a list of 1 numbers like row 0: row 1 is not");
  }

  @Test
  void request_refusal_arrivesWithCodeAndSentence() {
    bus.serve(
        Addresses.PREDICT, request -> Future.failedFuture(Failure.QUEUE_FULL.because("no room")));

    FailureException failure = failure(bus.request(Addresses.PREDICT, PredictRequest.of(1)));

    assertThat(failure.failure()).isEqualTo(Failure.QUEUE_FULL);
    assertThat(failure).hasMessage("no room");
  }

  @Test
  void request_unexpectedError_tellsNothingOfTheInside() {
    bus.serve(
        Addresses.PREDICT,
        request -> {
          throw new IllegalStateException("/etc/secret");
        });

    FailureException failure = failure(bus.request(Addresses.PREDICT, PredictRequest.of(1)));

    assertThat(failure.failure()).isEqualTo(Failure.INTERNAL);
    assertThat(failure.getMessage()).doesNotContain("secret");
  }

  @Test
  void request_nobodyThere_isUnavailable() {
    FailureException failure = failure(bus.request(Addresses.CACHE_STATE, Nothing.NOTHING));

    assertThat(failure.failure()).isEqualTo(Failure.UNAVAILABLE);
  }

  @Test
  void request_noAnswerInTime_isDeadlineExceeded() {
    bus.serve(Addresses.PREDICT, request -> io.vertx.core.Promise.<PredictReply>promise().future());

    FailureException failure = failure(bus.request(Addresses.PREDICT, PredictRequest.of(1), 20));

    assertThat(failure.failure()).isEqualTo(Failure.DEADLINE_EXCEEDED);
  }

  @Test
  void publish_recordAndJson_bothAreHeard() {
    CompletableFuture<ModelVersion> first = new CompletableFuture<>();
    CompletableFuture<ModelVersion> second = new CompletableFuture<>();
    bus.listen(Addresses.MODEL_PROMOTED, news -> (first.isDone() ? second : first).complete(news));

    bus.publish(Addresses.MODEL_PROMOTED, new ModelVersion("student", "1"));
    first.join();
    vertx
        .eventBus()
        .publish(
            "retort.models.promoted", new JsonObject().put("model", "student").put("version", "2"));

    assertThat(second.join()).isEqualTo(new ModelVersion("student", "2"));
  }

  @Test
  void numbered_everyFailure_hasItsOwnNumberAndFittingStatus() {
    for (Failure failure : Failure.values()) {
      assertThat(Failure.numbered(failure.number())).isEqualTo(failure);
      assertThat(failure.status()).isBetween(400, 504);
    }
    assertThat(Failure.numbered(-1)).isEqualTo(Failure.INTERNAL);
    assertThat(Failure.QUEUE_FULL.code()).isEqualTo("queue_full");
  }

  private static PredictReply reply(PredictRequest request) {
    float sum = 0;
    for (float value : request.features()) {
      sum += value;
    }
    return new PredictReply("m", "1", 1, new float[] {sum}, PredictReply.Source.MODEL);
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E failure(Future<?> future) {
    Throwable thrown = catchThrowable(() -> await(future));
    assertThat(thrown).isInstanceOf(CompletionException.class);
    return (E) thrown.getCause();
  }
}
