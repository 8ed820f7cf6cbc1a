package io.retort.grpc;

import static io.retort.TrialNode.await;
import static io.retort.grpc.GrpcTrial.framed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import inference.OpenInferenceGrpc.ModelReadyRequest;
import io.retort.TrialCertificate;
import io.retort.TrialNode;
import io.retort.metrics.Meters;
import io.retort.security.Signing;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardedCallsTest {
  private static final String PREDICTS = "b".repeat(64);
  private static final String TRAINS = "c".repeat(64);
  private static final String SIGNS = "d".repeat(64);
  private static final byte[] QUESTION =
      ModelReadyRequest.newBuilder().setName("student").build().toByteArray();

  @TempDir static Path home;
  private static GrpcTrial client;
  private static TrialNode node;

  @BeforeAll
  static void start() throws Exception {
    Path file = home.resolve("keys.json");
    Files.writeString(
        file,
        """
        {"keys": [{"name": "web", "sha256": "%s", "roles": ["predict"]},
                  {"name": "lab", "sha256": "%s", "roles": ["train"]},
                  {"name": "bank", "sha256": "%s", "roles": ["predict"], "signed": true}]}"""
            .formatted(Signing.sha256(PREDICTS), Signing.sha256(TRAINS), Signing.sha256(SIGNS)));
    node =
        TrialNode.start(home, Map.of("security.apiKeysFile", file.toString()), "inference", "grpc");
    client = new GrpcTrial(node);
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  private static String status(String method, Map<String, String> headers, byte[] message) {
    return client.post(method, headers, framed(0, message)).status().name();
  }

  @ParameterizedTest
  @CsvSource({
    "ServerLive, OK, OK, OK",
    "ServerReady, OK, OK, OK",
    "ServerMetadata, UNAUTHENTICATED, OK, PERMISSION_DENIED",
    "ModelReady, UNAUTHENTICATED, OK, PERMISSION_DENIED",
    "ModelMetadata, UNAUTHENTICATED, NOT_FOUND, PERMISSION_DENIED",
    "ModelInfer, UNAUTHENTICATED, INVALID_ARGUMENT, PERMISSION_DENIED",
    "ModelTrain, UNAUTHENTICATED, PERMISSION_DENIED, PERMISSION_DENIED",
  })
  void call_keyAndMethod_getWhatTheRolesAllow(
      String method, String none, String predicts, String trains) {
    byte[] empty = new byte[0];

    assertThat(status(method, Map.of(), empty)).isEqualTo(none);
    assertThat(status(method, Map.of("authorization", "Bearer " + PREDICTS), empty))
        .isEqualTo(predicts);
    assertThat(status(method, Map.of("x-api-key", TRAINS), empty)).isEqualTo(trains);
  }

  @Test
  void call_withoutKey_isToldSoWhateverItsLength() {
    GrpcTrial.Ended ended = client.post("ModelInfer", Map.of(), framed(0, new byte[16 << 20]));

    assertThat(ended.sentence()).startsWith("a%20key%20is%20needed");
  }

  @Test
  void call_signed_mustBringTheMessageThatWasSigned() {
    assertThat(status("ModelReady", signed("a-nonce-of-its-own-1"), QUESTION)).isEqualTo("OK");
    assertThat(status("ModelReady", signed("a-nonce-of-its-own-1"), QUESTION))
        .isEqualTo("UNAUTHENTICATED");
    assertThat(status("ModelReady", signed("a-nonce-of-its-own-2"), new byte[0]))
        .isEqualTo("UNAUTHENTICATED");
  }

  private static Map<String, String> signed(String nonce) {
    return Signing.headers(
        "bank",
        SIGNS,
        "POST",
        "/inference.GRPCInferenceService/ModelReady",
        Instant.now().toString(),
        nonce,
        new String(QUESTION, StandardCharsets.US_ASCII));
  }

  @Test
  void calls_howeverTheyEnd_areCounted() {
    status("ModelReady", Map.of("x-api-key", PREDICTS), QUESTION);
    status("ModelReady", Map.of(), QUESTION);
    status("Model\"Train", Map.of(), QUESTION);

    String meters = Meters.scrape(node.vertx(), "text/plain");
    assertThat(meters)
        .contains("retort_grpc_calls_seconds_count{method=\"ModelReady\",status=\"OK\"}")
        .contains(
            "retort_grpc_calls_seconds_count{method=\"ModelReady\",status=\"UNAUTHENTICATED\"}")
        .contains("retort_grpc_calls_seconds_count{method=\"unknown\",status=\"UNAUTHENTICATED\"}")
        .doesNotContain("Train");
  }

  @Test
  void start_onEveryAddressWithoutKey_isRefused() {
    Map<String, Object> open = Map.of("grpc.host", "0.0.0.0");

    assertThatThrownBy(() -> TrialNode.start(home, open, "grpc")).hasMessageContaining("[grpc]");
  }

  @Test
  void start_withCertificate_speaksHttp2OverTlsAlone() throws Exception {
    TrialCertificate certificate = TrialCertificate.make(home, "server");
    try (GrpcTrial secured = new GrpcTrial(TrialNode.start(home, certificate.settings(), "grpc"))) {
      HttpClient tls =
          node.vertx()
              .createHttpClient(
                  certificate.trusting().setUseAlpn(true).setProtocolVersion(HttpVersion.HTTP_2));
      RequestOptions request =
          new RequestOptions()
              .setMethod(HttpMethod.POST)
              .setHost("127.0.0.1")
              .setPort(secured.port())
              .setURI("/inference.GRPCInferenceService/ServerLive")
              .putHeader("content-type", "application/grpc");

      Buffer answer =
          await(
              GrpcTrial.onEventLoop(
                  node.vertx(),
                  () ->
                      tls.request(request)
                          .compose(call -> call.send(framed(0, new byte[0])))
                          .compose(response -> response.body())));

      assertThat(answer).isEqualTo(framed(0, new byte[] {8, 1}));
      await(tls.close());
      assertThatThrownBy(() -> secured.post("ServerLive", Map.of(), framed(0, new byte[0])))
          .hasMessageContaining("closed");
    }
  }
}
