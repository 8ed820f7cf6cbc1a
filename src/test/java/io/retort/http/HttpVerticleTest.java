package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpVerticleTest {
  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    TrialNode.putLive(home, "teacher", Architecture.mlp(io.retort.tensor.Shape.of(784), 16, 10), 1);
    node = TrialNode.start(home, Map.of(), "http", "cache", "inference");
    node.awaitLive("student", "1");
    node.awaitLive("teacher", "1");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void predict_oneDigit_answersProbabilities() throws Exception {
    HttpResponse<String> answer = node.post("/predict", body(digit(1)));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("model")).isEqualTo("student");
    assertThat(json.getString("version")).isEqualTo("1");
    assertThat(sum(json.getJsonArray("prediction").getJsonArray(0))).isBetween(0.9999, 1.0001);
  }

  @Test
  void predict_rows_answersEachAsIfAlone() throws Exception {
    JsonArray rows = new JsonArray();
    for (int i = 0; i < 100; i++) {
      rows.add(new JsonObject(body(digit(1000 + i))).getJsonArray("features"));
    }

    HttpResponse<String> answer =
        node.post("/predict", new JsonObject().put("features", rows).encode());

    JsonArray together = new JsonObject(answer.body()).getJsonArray("prediction");
    assertThat(together.size()).isEqualTo(100);
    for (int i = 0; i < 100; i += 9) {
      JsonObject alone = new JsonObject(node.post("/predict", body(digit(1000 + i))).body());
      for (int c = 0; c < 10; c++) {
        assertThat(together.getJsonArray(i).getDouble(c))
            .isCloseTo(
                alone.getJsonArray("prediction").getJsonArray(0).getDouble(c),
                org.assertj.core.data.Offset.offset(1e-6));
      }
    }
  }

  @Test
  void predict_sameInputAgain_comesFromTheCache() throws Exception {
    String first = node.post("/predict", body(digit(77))).body();
    String second = node.post("/predict", body(digit(77))).body();

    assertThat(new JsonObject(first).getString("source")).isEqualTo("model");
    assertThat(new JsonObject(second).getString("source")).isEqualTo("cache");
    assertThat(new JsonObject(second).getValue("prediction"))
        .isEqualTo(new JsonObject(first).getValue("prediction"));
  }

  @Test
  void predict_namedModel_isAsked() throws Exception {
    String named = new JsonObject(body(digit(5))).put("model", "teacher").encode();

    assertThat(new JsonObject(node.post("/predict", named).body()).getString("model"))
        .isEqualTo("teacher");
  }

  @Test
  void predict_wrongNumberOfFeatures_names784AndWhatCame() throws Exception {
    for (int count : new int[] {0, 1, 700, 783, 785, 1568}) {
      HttpResponse<String> answer = node.post("/predict", body(new float[count]));

      requireError(answer, 400, "invalid_features", "784 numbers a row: " + count + " came");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"features":["a"]}                     | 400 | invalid_features | is text
          {"features":[null]}                    | 400 | invalid_features | is null
          {"features":[NaN]}                     | 400 | invalid_features | is NaN
          {"features":[1e999]}                   | 400 | invalid_features | is too large
          {"features":[[1,2],[3]]}               | 400 | invalid_features | row 1 has 1
          ''                                     | 400 | invalid_json     | it is empty
          not json                               | 400 | invalid_json     | byte 0 is 'n'
          {"features":[1],"model":"nobody"}      | 404 | unknown_model    | nobody
          {"features":[1],"model":"student","version":"9"} | 404 | unknown_version | version 1 is
          """)
  void predict_badInput_isAClearError(String body, int status, String code, String sentence)
      throws Exception {
    requireError(node.post("/predict", body), status, code, sentence);
  }

  @Test
  void predict_batchOverTheLimit_isRefused() throws Exception {
    String row = "[0" + ",0".repeat(783) + "]";
    String rows = "{\"features\":[" + row + ("," + row).repeat(1024) + "]}";

    requireError(node.post("/predict", rows), 400, "batch_too_large", "1024 rows");
  }

  @Test
  void predict_largestBatch_isAnswered() throws Exception {
    String row = "[0" + ",0".repeat(783) + "]";
    String rows = "{\"features\":[" + row + ("," + row).repeat(1023) + "]}";

    HttpResponse<String> answer = node.post("/predict", rows);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(new JsonObject(answer.body()).getJsonArray("prediction").size()).isEqualTo(1024);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"text/plain", "application/x-www-form-urlencoded", "application/octet-stream"})
  void predict_wrongContentType_is415(String type) throws Exception {
    HttpResponse<String> answer =
        node.send(
            HttpRequest.newBuilder(node.uri("/predict"))
                .header("content-type", type)
                .POST(BodyPublishers.ofString(body(digit(1)))));

    requireError(answer, 415, "unsupported_media_type", type);
  }

  @Test
  void predict_get_is405() throws Exception {
    HttpResponse<String> answer = node.get("/predict");

    requireError(answer, 405, "method_not_allowed", "POST");
    assertThat(answer.headers().firstValue("allow")).contains("POST");
  }

  @Test
  void routes_wrongMethod_is405() throws Exception {
    requireError(node.post("/health", "{}"), 405, "method_not_allowed", "POST /health");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/nothing", "/predict/", "/v1", "/predict/../etc/passwd", "/%2e%2e/x"})
  void routes_unknown_is404(String path) throws Exception {
    requireError(node.get(path), 404, "unknown_route", "there is no route");
  }

  @Test
  void predict_hundredMegabytesAnnounced_isRefusedWithoutReadingThem() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      write(
          socket,
          "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
              + "content-length: 104857600\r\n\r\n{\"features\":[");

      requireRawError(socket, "413", "body_too_large");
    }
  }

  @Test
  void predict_hundredMegabytesSent_isRefused() throws Exception {
    byte[] piece = "0,".repeat(1 << 19).getBytes(StandardCharsets.US_ASCII);
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      write(
          socket,
          "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
              + "content-length: 104857600\r\n\r\n");
      try {
        for (int i = 0; i < 100; i++) {
          socket.getOutputStream().write(piece);
        }
      } catch (IOException cutOff) {
        assertThat(cutOff).hasMessageMatching("(?i).*(reset|broken pipe).*");
      }
      requireRawError(socket, "413", "body_too_large");
    }
  }

  @Test
  void predict_endlessChunks_areRefusedAtTheLimit() throws Exception {
    String chunk = Integer.toHexString(1 << 16) + "\r\n" + "0,".repeat(1 << 15) + "\r\n";
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      write(
          socket,
          "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
              + "transfer-encoding: chunked\r\n\r\n");
      for (int i = 0; i < 129; i++) {
        write(socket, chunk);
      }
      requireRawError(socket, "413", "body_too_large");
    }
  }

  @Test
  void predict_expectContinue_isToldToGoOn() throws Exception {
    String body = body(digit(3));
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      write(
          socket,
          "POST /predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
              + "content-type: application/json\r\nconnection: close\r\ncontent-length: "
              + body.length()
              + "\r\n\r\n");
      assertThat(line(socket.getInputStream())).isEqualTo("HTTP/1.1 100 Continue");
      assertThat(line(socket.getInputStream())).isEmpty();
      write(socket, body);
      assertThat(line(socket.getInputStream())).isEqualTo("HTTP/1.1 200 OK");
    }
  }

  @ParameterizedTest
  @CsvSource({"1000, 200", "1, 200", "7, 200"})
  void predict_bodyInPieces_isPutTogether(int size, int status) throws Exception {
    byte[] body = body(digit(3)).getBytes(StandardCharsets.US_ASCII);
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      socket.setTcpNoDelay(true);
      write(
          socket,
          "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
              + "content-length: "
              + body.length
              + "\r\n\r\n");
      for (int at = 0; at < body.length; at += size) {
        socket.getOutputStream().write(body, at, Math.min(size, body.length - at));
      }
      assertThat(line(socket.getInputStream())).isEqualTo("HTTP/1.1 " + status + " OK");
    }
  }

  @Test
  void server_garbage_isRefusedInJson() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      write(socket, "\u0000\u0001 garbage\r\n\r\n");
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).contains(" 400 Bad Request", "\"code\":\"invalid_request\"");
    }
  }

  @Test
  void server_tooLongLineOrHeader_isRefusedInJson() throws Exception {
    requireError(node.get("/" + "x".repeat(10_000)), 414, "uri_too_long", "too long");
    requireError(
        node.send(
            HttpRequest.newBuilder(node.uri("/health")).header("x-long", "y".repeat(20_000)).GET()),
        431,
        "headers_too_large",
        "too large");
  }

  @Test
  void health_modelLive_isOkWithItsParts() throws Exception {
    JsonObject health = new JsonObject(node.get("/health").body());

    assertThat(health.getString("status")).isEqualTo("ok");
    assertThat(health.getBoolean("model_loaded")).isTrue();
    JsonObject parts = health.getJsonObject("parts");
    assertThat(parts.getJsonObject("cache").getString("status")).isEqualTo("up");
    assertThat(parts.getJsonObject("training").getString("status")).isEqualTo("absent");
    assertThat(parts.getJsonObject("inference").getJsonArray("models").size()).isEqualTo(2);
    assertThat(node.get("/health/live").statusCode()).isEqualTo(200);
    assertThat(node.get("/health/ready").statusCode()).isEqualTo(200);
  }

  @Test
  void jobs_noTrainingHere_is503() throws Exception {
    requireError(node.get("/v1/jobs"), 503, "unavailable", "no training part");
  }

  @Test
  void start_portInUse_namesThePlace() {
    Map<String, Object> flags = Map.of("http.port", node.port());

    assertThatThrownBy(() -> TrialNode.start(home, flags, "http"))
        .hasMessageContaining("[http] 127.0.0.1:" + node.port() + " must be free to listen on");
  }

  @Test
  void start_noModelYet_livesButIsNotReady(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http", "cache", "inference")) {
      assertThat(alone.get("/health/live").statusCode()).isEqualTo(200);
      requireError(alone.get("/health/ready"), 503, "not_ready", "no model answers yet");
      requireError(alone.post("/predict", body(digit(1))), 503, "not_ready", "student");
      assertThat(new JsonObject(alone.get("/health").body()).getBoolean("model_loaded")).isFalse();
    }
  }

  @Test
  void start_httpAlone_isNotReady(@TempDir Path empty) throws Exception {
    try (TrialNode alone = TrialNode.start(empty, Map.of(), "http")) {
      requireError(
          alone.post("/predict", body(digit(1))), 503, "not_ready", "no model answers yet");
      requireError(alone.get("/health/ready"), 503, "not_ready", "no model answers yet");
    }
  }

  @Test
  void start_withoutCache_asksTheModel() throws Exception {
    try (TrialNode bare = TrialNode.start(home, Map.of(), "http", "inference")) {
      bare.awaitLive("student", "1");
      for (int i = 0; i < 2; i++) {
        JsonObject answer = new JsonObject(bare.post("/predict", body(digit(1))).body());
        assertThat(answer.getString("source")).isEqualTo("model");
      }
    }
  }

  private static double sum(JsonArray values) {
    return values.stream().mapToDouble(value -> ((Number) value).doubleValue()).sum();
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
    assertThat(json.fieldNames()).containsExactly("error", "code");
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", home.toString());
  }

  private static void requireRawError(Socket socket, String status, String code)
      throws IOException {
    socket.setSoTimeout(10_000);
    InputStream in = socket.getInputStream();
    assertThat(line(in)).startsWith("HTTP/1.1 " + status);
    StringBuilder rest = new StringBuilder();
    for (int c; rest.indexOf(code) < 0 && (c = in.read()) >= 0; ) {
      rest.append((char) c);
    }
    assertThat(rest).contains("\"code\":\"" + code);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c; (c = in.read()) >= 0 && c != '\n'; ) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private static void write(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }
}
