package io.retort.grpc;

import static io.retort.TrialNode.await;
import static io.retort.grpc.GrpcTrial.framed;
import static io.retort.grpc.GrpcTrial.typed;
import static org.assertj.core.api.Assertions.assertThat;

import inference.OpenInferenceGrpc.ModelInferResponse;
import inference.OpenInferenceGrpc.ModelReadyRequest;
import inference.OpenInferenceGrpc.ServerReadyRequest;
import inference.OpenInferenceGrpc.ServerReadyResponse;
import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.Failure;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.GrpcStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One call as its client meets it, with a part behind it that answers when the test says so. */
class CallTest {
  private static final int MAX_BYTES = 4096;
  private static final byte[] QUESTION = typed(1).build().toByteArray();

  private record Asked(PredictRequest question, Promise<PredictReply> answer) {
    void succeed() {
      answer.complete(new PredictReply("m", "1", 1, new float[] {1}, PredictReply.Source.MODEL));
    }
  }

  @TempDir Path home;
  private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
  private TrialNode node;
  private GrpcTrial client;

  @BeforeEach
  void start() {
    node = TrialNode.start(home, Map.of("grpc.maxMessageBytes", MAX_BYTES), "grpc");
    client = new GrpcTrial(node);
    node.bus()
        .serve(
            Addresses.PREDICT,
            question -> {
              Asked each = new Asked(question, Promise.promise());
              asked.add(each);
              return each.answer.future();
            });
  }

  @AfterEach
  void stop() {
    client.close();
  }

  private Asked next() throws InterruptedException {
    Asked next = asked.poll(30, TimeUnit.SECONDS);
    assertThat(next).isNotNull();
    return next;
  }

  private Future<GrpcTrial.Ended> ask(GrpcClientRequest<Buffer, Buffer> request) {
    return GrpcTrial.send(request, typed(1, 2).build());
  }

  private static void awaitGone(PredictRequest question) throws InterruptedException {
    for (int i = 0; i < 3000 && !question.asker().gone(); i++) {
      Thread.sleep(10);
    }
    assertThat(question.asker().gone()).isTrue();
  }

  @Test
  void call_deadlineAndAffinity_reachTheModel() throws Exception {
    GrpcClientRequest<Buffer, Buffer> request = await(client.open("ModelInfer"));
    request.timeout(1234, TimeUnit.MILLISECONDS);
    request.headers().set("x-retort-affinity", "user-7");
    Future<GrpcTrial.Ended> ended = ask(request);

    Asked each = next();
    each.succeed();

    assertThat(each.question.timeoutMillis()).isEqualTo(1234);
    assertThat(each.question.affinity()).isEqualTo("user-7");
    assertThat(each.question.model()).isEqualTo("student");
    assertThat(each.question.features()).containsExactly(1, 2);
    assertThat(await(ended).as(ModelInferResponse.parser()).getModelName()).isEqualTo("m");
  }

  @ParameterizedTest
  @CsvSource({"1n, 1", "3000000u, 3000", "99999999H, 10000", "5S, 5000"})
  void call_deadline_isAtLeastAMillisecondAndAtMostTheNodes(String header, long millis)
      throws Exception {
    Future<GrpcTrial.Ended> ended =
        node.vertx()
            .executeBlocking(
                () ->
                    client.post("ModelInfer", Map.of("grpc-timeout", header), framed(0, QUESTION)));

    Asked each = next();
    each.succeed();

    assertThat(each.question.timeoutMillis()).isEqualTo(millis);
    assertThat(await(ended).status()).isEqualTo(GrpcStatus.OK);
  }

  @Test
  void call_cancelled_askerIsGone() throws Exception {
    GrpcClientRequest<Buffer, Buffer> request = await(client.open("ModelInfer"));
    Future<GrpcTrial.Ended> ended = ask(request);
    Asked each = next();
    assertThat(each.question.asker().gone()).isFalse();

    node.vertx().runOnContext(now -> request.cancel());

    awaitGone(each.question);
    each.succeed();
    assertThat(ended.succeeded()).isFalse();
  }

  @Test
  void call_connectionLost_askerIsGone() throws Exception {
    GrpcClientRequest<Buffer, Buffer> request = await(client.open("ModelInfer"));
    ask(request);
    Asked each = next();

    request.connection().close();

    awaitGone(each.question);
  }

  @ParameterizedTest
  @EnumSource(Failure.class)
  void call_failure_hasItsStatusAndSentence(Failure failure) throws Exception {
    Future<GrpcTrial.Ended> ended =
        node.vertx()
            .executeBlocking(() -> client.post("ModelInfer", Map.of(), framed(0, QUESTION)));
    next().answer.fail(failure.because("a sentence"));

    GrpcTrial.Ended came = await(ended);
    assertThat(came.status()).isEqualTo(Call.status(failure)).isNotEqualTo(GrpcStatus.OK);
    assertThat(came.sentence()).isNotEmpty();
    assertThat(came.trailers().containsKey("pushback")).isEqualTo(failure == Failure.QUEUE_FULL);
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_FEATURES, INVALID_ARGUMENT",
    "UNKNOWN_MODEL, NOT_FOUND",
    "NOT_READY, UNAVAILABLE",
    "QUEUE_FULL, RESOURCE_EXHAUSTED",
    "DEADLINE_EXCEEDED, DEADLINE_EXCEEDED",
    "INTERNAL, INTERNAL",
    "UNSUPPORTED, UNIMPLEMENTED",
    "UNAUTHENTICATED, UNAUTHENTICATED",
    "FORBIDDEN, PERMISSION_DENIED",
    "CLIENT_GONE, CANCELLED",
  })
  void status_ofEachKind_isThatOfTheProtocol(Failure failure, GrpcStatus status) {
    assertThat(Call.status(failure)).isEqualTo(status);
  }

  @Test
  void call_longSentence_isCutToWhatHeadersTake() throws Exception {
    Future<GrpcTrial.Ended> ended = client.begin("ModelInfer", typed(1, 2).build());
    next().answer.fail(Failure.UNKNOWN_MODEL.because("x".repeat(1 << 20)));

    assertThat(await(ended).sentence()).isEqualTo("x".repeat(1000));
  }

  @ParameterizedTest
  @ValueSource(ints = {MAX_BYTES + 1, 1 << 20})
  void message_overTheLimit_isRefused(int bytes) {
    GrpcTrial.Ended ended = client.post("ModelInfer", Map.of(), framed(0, new byte[bytes]));

    assertThat(ended.status()).isEqualTo(GrpcStatus.RESOURCE_EXHAUSTED);
    assertThat(ended.sentence()).contains("4096");
  }

  @Test
  void message_notProtobuf_isRefused() {
    GrpcTrial.Ended ended =
        client.post("ModelInfer", Map.of(), framed(0, new byte[] {-1, -1, -1, -1}));

    assertThat(ended.status()).isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(ended.sentence()).contains("question");
  }

  @Test
  void message_noneOrTwoOrHalf_isRefused() {
    Buffer two = framed(0, QUESTION).appendBuffer(framed(0, QUESTION));
    Buffer half = framed(0, QUESTION).getBuffer(0, QUESTION.length);

    assertThat(client.post("ModelInfer", Map.of(), Buffer.buffer()).sentence()).contains("none");
    assertThat(client.post("ModelInfer", Map.of(), two).sentence()).contains("more");
    assertThat(client.post("ModelInfer", Map.of(), half).sentence()).contains("none");
    assertThat(asked).isEmpty();
  }

  @Test
  void message_gzip_isUnpackedWithinTheLimit() throws Exception {
    Map<String, String> gzip = Map.of("grpc-encoding", "gzip");
    ModelReadyRequest question = ModelReadyRequest.newBuilder().setName("nobody").build();

    assertThat(client.post("ModelReady", gzip, framed(1, zipped(question.toByteArray()))).status())
        .isEqualTo(GrpcStatus.UNAVAILABLE);
    assertThat(client.post("ModelReady", gzip, framed(1, zipped(new byte[1 << 20]))).status())
        .isEqualTo(GrpcStatus.RESOURCE_EXHAUSTED);
    assertThat(client.post("ModelReady", gzip, framed(1, new byte[] {1, 2})).status())
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void message_packedInAnUnknownWay_isAnswered() {
    Map<String, String> zstd = Map.of("grpc-encoding", "zstd");

    assertThat(client.post("ModelInfer", zstd, framed(1, QUESTION)).status())
        .isEqualTo(GrpcStatus.UNIMPLEMENTED);
    assertThat(client.post("ModelInfer", Map.of(), framed(1, new byte[] {1})).status())
        .isEqualTo(GrpcStatus.INVALID_ARGUMENT);
  }

  @Test
  void call_ofNoMethodOrInJson_isUnimplemented() {
    Buffer body = framed(0, new byte[0]);

    assertThat(client.post("ModelTrain", Map.of(), body).sentence()).contains("ModelTrain");
    assertThat(client.post("ModelTrain", Map.of(), body).status())
        .isEqualTo(GrpcStatus.UNIMPLEMENTED);
    assertThat(client.post("ModelTrain", Map.of(), framed(0, new byte[1 << 20])).status())
        .isEqualTo(GrpcStatus.UNIMPLEMENTED);
    assertThat(
            client
                .post("ServerLive", Map.of("content-type", "application/grpc+json"), body)
                .status())
        .isEqualTo(GrpcStatus.UNIMPLEMENTED);
  }

  @Test
  void call_overHttp1_isRefused() throws Exception {
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create("http://127.0.0.1:" + client.port() + "/").toURL().openConnection();

    assertThat(connection.getResponseCode()).isEqualTo(405);
  }

  @Test
  void server_withoutModels_isNotReady() {
    ServerReadyRequest question = ServerReadyRequest.getDefaultInstance();

    assertThat(client.call("ServerReady", question).as(ServerReadyResponse.parser()).getReady())
        .isFalse();
  }

  @Test
  void stop_callInProgress_isAnsweredFirst() throws Exception {
    Future<GrpcTrial.Ended> ended = client.begin("ModelInfer", typed(1, 2).build());
    Asked each = next();

    Future<Void> stopped = node.vertx().undeploy(node.vertx().deploymentIDs().iterator().next());
    assertThat(stopped.isComplete()).isFalse();
    each.succeed();

    assertThat(await(ended).status()).isEqualTo(GrpcStatus.OK);
    await(stopped);
  }
}
