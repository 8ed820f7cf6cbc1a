package io.retort.http;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the pages in a browser may do. */
class PagesTest {
  private static final String KEY = "a".repeat(64);
  private static final String LISTED = "https://app.example";
  @TempDir static Path home;
  private static TrialNode open;
  private static TrialNode keyed;

  @BeforeAll
  static void start() {
    open = TrialNode.start(home, Map.of(), "http");
    keyed =
        TrialNode.start(
            home, Map.of("security.apiKey", KEY, "security.corsOrigins", LISTED), "http");
  }

  @AfterAll
  static void stop() {
    open.close();
    keyed.close();
  }

  @Test
  void socket_ofTheSamePageOrOfNone_isOpened() {
    assertThat(connect(open, null).subProtocol()).isNullOrEmpty();
    assertThat(connect(open, "http://127.0.0.1:" + open.port())).isNotNull();
  }

  @Test
  void socket_ofAForeignPage_isRefusedWhereSecurityIsOffToo() {
    for (String origin : new String[] {"https://evil.example", "http://127.0.0.1:1", "null"}) {
      assertRefused(403, () -> connect(open, origin));
      assertRefused(403, () -> connect(keyed, origin, "retort", "retort.key." + KEY));
    }
  }

  @Test
  void socket_keyAsProtocol_isOpenedAndTheKeyNotEchoed() {
    WebSocket socket = connect(keyed, LISTED, "retort", "retort.key." + KEY);

    assertThat(socket.subProtocol()).isEqualTo("retort");
    assertThat(socket.headers().toString()).doesNotContain(KEY);
  }

  @Test
  void socket_noKeyOrAWrongOne_isRefusedBeforeTheHandshake() {
    assertRefused(401, () -> connect(keyed, null));
    assertRefused(401, () -> connect(keyed, null, "retort", "retort.key.wrong"));
    assertRefused(401, () -> connect(keyed, null, "retort", KEY));
  }

  @Test
  void request_ofAListedPage_mayBeReadByIt() throws Exception {
    for (String path : new String[] {"/predict", "/v1/jobs"}) {
      HttpResponse<String> preflight =
          ask(
              keyed,
              "OPTIONS",
              path,
              Map.of(
                  "origin",
                  LISTED,
                  "access-control-request-method",
                  "POST",
                  "access-control-request-headers",
                  "authorization,content-type"));
      assertThat(preflight.statusCode()).isEqualTo(204);
      assertThat(preflight.headers().map())
          .containsEntry("access-control-allow-origin", List.of(LISTED))
          .containsEntry("access-control-allow-headers", List.of("authorization,content-type"))
          .doesNotContainKey("access-control-allow-credentials");
      HttpResponse<String> answer =
          ask(keyed, "POST", path, Map.of("origin", LISTED, "x-api-key", KEY));
      assertThat(answer.statusCode()).as(answer.body()).isNotIn(401, 403);
      assertThat(answer.headers().firstValue("access-control-allow-origin")).contains(LISTED);
      HttpResponse<String> refusal = ask(keyed, "POST", path, Map.of("origin", LISTED));
      assertThat(refusal.statusCode()).isEqualTo(401);
      assertThat(refusal.headers().firstValue("access-control-allow-origin")).contains(LISTED);
    }
  }

  @Test
  void request_ofAForeignPage_changesNothingAndIsNotRead() throws Exception {
    for (TrialNode node : List.of(open, keyed)) {
      Map<String, String> foreign = Map.of("origin", "https://evil.example", "x-api-key", KEY);
      HttpResponse<String> refusal = ask(node, "DELETE", "/v1/jobs/a", foreign);
      assertThat(refusal.statusCode()).isEqualTo(403);
      assertThat(refusal.body()).contains("a page of another host", "\"code\":\"forbidden\"");
      HttpResponse<String> read = ask(node, "GET", "/v1/jobs", foreign);
      assertThat(read.statusCode()).isEqualTo(503);
      assertThat(read.headers().map()).doesNotContainKey("access-control-allow-origin");
      assertThat(ask(node, "OPTIONS", "/v1/jobs", foreign).headers().map())
          .doesNotContainKey("access-control-allow-origin");
      String own = "http://127.0.0.1:" + node.port();
      assertThat(
              ask(node, "DELETE", "/v1/jobs/a", Map.of("origin", own, "x-api-key", KEY))
                  .statusCode())
          .isEqualTo(503);
    }
  }

  private static HttpResponse<String> ask(
      TrialNode node, String method, String path, Map<String, String> headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(node.uri(path)).method(method, BodyPublishers.ofString("{}"));
    headers.forEach(request::header);
    return node.send(request);
  }

  private static void assertRefused(int status, Runnable connecting) {
    assertThatThrownBy(connecting::run)
        .isInstanceOfSatisfying(
            UpgradeRejectedException.class,
            refusal -> assertThat(refusal.getStatus()).isEqualTo(status));
  }

  private static WebSocket connect(TrialNode node, String origin, String... protocols) {
    WebSocketConnectOptions options =
        new WebSocketConnectOptions()
            .setHost("127.0.0.1")
            .setPort(node.port())
            .setURI("/v1/progress")
            .setAllowOriginHeader(origin != null)
            .setSubProtocols(List.of(protocols));
    if (origin != null) {
      options.putHeader("origin", origin);
    }
    return await(node.vertx().createWebSocketClient().connect(options));
  }
}
