package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObservationTest {
  private static final String ID = "x-request-id";
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private static final String HOSTILE = "/%0a\"}{\"status\":200,\u001b[31m\\";

  @TempDir Path home;

  @Test
  void requestId_ofTheClient_comesBackWithAnswersAndErrors() throws Exception {
    try (TrialNode node = TrialNode.start(home, Map.of(), "http")) {
      assertThat(id(get(node, "/health/live", "abc-1"))).isEqualTo("abc-1");
      assertThat(id(get(node, "/nowhere", "abc-2"))).isEqualTo("abc-2");
      assertThat(get(node, "/health/live", null).headers().map()).doesNotContainKey(ID);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"with space", "ümlaut", "129"})
  void requestId_notSane_isReplacedWhereOneIsNeeded(String came) throws Exception {
    String sent = came.equals("129") ? "x".repeat(129) : came;
    try (TrialNode node = TrialNode.start(home, Map.of(), "http")) {
      assertThat(raw(node, "/nowhere", ID + ": " + sent)).containsPattern(ID + ": [0-9a-f]{16}\r");
      assertThat(raw(node, "/health/live", ID + ": " + sent)).doesNotContain(ID);
    }
  }

  @Test
  void trace_ofTheClient_reachesAStrangersVerticle() throws Exception {
    try (TrialNode node = TrialNode.start(home, Map.of(), "http")) {
      BlockingQueue<MultiMap> heard = new LinkedBlockingQueue<>();
      node.vertx()
          .eventBus()
          .<Object>consumer(
              "retort.predict",
              message -> {
                heard.add(message.headers());
                message.fail(5030, "a stranger that only listens");
              });
      HttpRequest.Builder request =
          HttpRequest.newBuilder(node.uri("/predict"))
              .POST(BodyPublishers.ofString(body(digit(1))));

      node.send(request.copy().header("traceparent", PARENT).header("tracestate", "a=1"));
      node.send(request.copy().header("traceparent", "nonsense").header("tracestate", "a=1"));

      MultiMap traced = heard.poll(30, TimeUnit.SECONDS);
      assertThat(traced.get("traceparent")).isEqualTo(PARENT);
      assertThat(traced.get("tracestate")).isEqualTo("a=1");
      assertThat(heard.poll(30, TimeUnit.SECONDS).isEmpty()).isTrue();
    }
  }

  @Test
  void accessLog_ofEveryRequest_isOneJsonLine() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(io.retort.tensor.Shape.of(784), 8, 10), 1);
    Path log = home.resolve("access.jsonl");
    try (TrialNode node =
        TrialNode.start(
            home, Map.of("http.accessLog", log.toString()), "inference", "cache", "http")) {
      node.awaitLive("student", "1");
      String question = body(digit(1));
      HttpRequest.Builder traced =
          HttpRequest.newBuilder(node.uri("/predict?key=secret"))
              .header(ID, "mine")
              .header("authorization", "Bearer secret")
              .header("traceparent", PARENT)
              .POST(BodyPublishers.ofString(question));
      assertThat(node.send(traced).statusCode()).isEqualTo(200);
      assertThat(node.get("/nowhere").statusCode()).isEqualTo(404);
      assertThat(raw(node, HOSTILE, "a: b")).startsWith("HTTP/1.1 4");
      assertThat(raw(node, "/" + "p".repeat(3000), "a: b")).startsWith("HTTP/1.1 404");
    }

    List<String> lines = Files.readAllLines(log);
    assertThat(lines).hasSize(4).noneMatch(line -> line.contains("secret"));
    Map<Integer, JsonObject> parsed =
        lines.stream()
            .map(JsonObject::new)
            .collect(Collectors.toMap(line -> line.getString("path").hashCode(), line -> line));
    JsonObject predicted = parsed.get("/predict".hashCode());
    assertThat(predicted.getString("id")).isEqualTo("mine");
    assertThat(predicted.getString("trace")).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(predicted.getString("method")).isEqualTo("POST");
    assertThat(predicted.getString("remote")).isEqualTo("127.0.0.1");
    assertThat(predicted.getInteger("status")).isEqualTo(200);
    assertThat(predicted.getLong("bytesIn")).isEqualTo(body(digit(1)).length());
    assertThat(predicted.getLong("bytesOut")).isGreaterThan(100);
    assertThat(predicted.getLong("micros")).isPositive();
    assertThat(predicted.getString("model")).isEqualTo("student");
    assertThat(predicted.getString("version")).isEqualTo("1");
    assertThat(predicted.getString("source")).isEqualTo("model");
    assertThat(predicted.getInstant("time")).isNotNull();
    assertThat(predicted.fieldNames()).doesNotContain("code");
    JsonObject lost = parsed.get("/nowhere".hashCode());
    assertThat(lost.getString("code")).isEqualTo("unknown_route");
    assertThat(lost.getString("id")).matches("[0-9a-f]{16}");
    assertThat(lost.getString("trace")).matches("[0-9a-f]{32}");
    assertThat(lost.fieldNames()).doesNotContain("model", "version", "source");
    assertThat(parsed).containsKey(HOSTILE.hashCode());
    assertThat(parsed).containsKey(("/" + "p".repeat(1023)).hashCode());
  }

  @Test
  void accessLog_clientThatLeavesAndNonsense_haveTheirLines() throws Exception {
    Path log = home.resolve("access.jsonl");
    try (TrialNode node = TrialNode.start(home, Map.of("http.accessLog", log.toString()), "http")) {
      try (Socket socket = new Socket("127.0.0.1", node.port())) {
        socket
            .getOutputStream()
            .write("POST /predict HTTP/1.1\r\ncontent-length: 9\r\n\r\n1".getBytes());
        assertThat(node.get("/health/live").statusCode()).isEqualTo(200);
      }
      assertThat(raw(node, "/", "no colon here")).startsWith("HTTP/1.1 400");
      for (int i = 0; i < 600 && Files.readAllLines(log).size() < 3; i++) {
        Thread.sleep(10);
      }
    }

    Map<Integer, JsonObject> parsed =
        Files.readAllLines(log).stream()
            .map(JsonObject::new)
            .collect(Collectors.toMap(line -> line.getInteger("status"), line -> line));
    assertThat(parsed).containsOnlyKeys(200, 400, 499);
    assertThat(parsed.get(499).getString("code")).isEqualTo("client_gone");
    assertThat(parsed.get(499).getString("path")).isEqualTo("/predict");
    assertThat(parsed.get(400).getString("code")).isEqualTo("invalid_request");
  }

  @Test
  void accessLog_nodeStartsAgain_isContinued() throws Exception {
    Path log = home.resolve("access.jsonl");
    for (int i = 0; i < 2; i++) {
      try (TrialNode node =
          TrialNode.start(home, Map.of("http.accessLog", log.toString()), "http")) {
        node.get("/health/live");
      }
    }

    assertThat(Files.readAllLines(log)).hasSize(2);
  }

  private static HttpResponse<String> get(TrialNode node, String path, String id)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(node.uri(path));
    return node.send(id == null ? request : request.header(ID, id));
  }

  private static String id(HttpResponse<String> answer) {
    return answer.headers().firstValue(ID).orElse(null);
  }

  private static String raw(TrialNode node, String path, String header) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      String request =
          "GET " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + header + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
