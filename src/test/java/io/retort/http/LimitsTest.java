package io.retort.http;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.http.WebSocket;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client may not do to a node: be slow, be many, be long, nest deep. */
class LimitsTest {
  @TempDir static Path home;
  private static TrialNode node;
  private static TrialNode keyed;

  @BeforeAll
  static void start() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 16, 10), 1);
    node =
        TrialNode.start(
            home,
            Map.of(
                "http.bodyTimeoutSeconds",
                1,
                "http.idleTimeoutSeconds",
                2,
                "http.maxConnections",
                20,
                "http.maxHeaderBytes",
                2000,
                "http.maxLineBytes",
                500),
            "inference",
            "training",
            "cache",
            "http");
    node.awaitLive("student", "1");
    keyed = TrialNode.start(home, Map.of("security.apiKey", "a".repeat(64)), "http");
  }

  @AfterAll
  static void stop() {
    node.close();
    keyed.close();
  }

  @Test
  void body_thatTrickles_isToldThatItIsLate() throws Exception {
    try (Socket socket = connect()) {
      write(
          socket,
          "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
              + "content-length: 100000\r\n\r\n");
      String answer = trickle(socket, "0");

      assertThat(answer)
          .startsWith("HTTP/1.1 408 ")
          .contains("\"code\":\"request_timeout\"", "within 1 s");
    }
  }

  @Test
  void body_inTime_isAnsweredWhateverWasLateBefore() throws Exception {
    List<Socket> late = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Socket socket = connect();
      late.add(socket);
      write(socket, "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{");
    }
    assertThat(node.post("/predict", body(digit(1))).statusCode()).isEqualTo(200);
    for (Socket socket : late) {
      assertThat(trickle(socket, "")).startsWith("HTTP/1.1 408 ");
      socket.close();
    }
  }

  @Test
  void head_thatTrickles_isCutOffThoughBytesCome() throws Exception {
    for (String before : new String[] {"", "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n"}) {
      try (Socket socket = connect()) {
        write(socket, before + "GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: ");
        assertThat(trickle(socket, "a")).doesNotContain("408");
      }
    }
  }

  @Test
  void connections_overTheLimit_areClosedAndTheirPlacesGivenBack() throws Exception {
    for (int i = 0; i < 30; i++) {
      WebSocket socket =
          await(
              node.vertx()
                  .createWebSocketClient()
                  .connect(node.port(), "127.0.0.1", "/v1/progress"));
      await(socket.close());
    }
    List<Socket> open = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < 40; i++) {
      Socket socket = connect();
      open.add(socket);
      refused += answers(socket) ? 0 : 1;
    }
    assertThat(refused).isBetween(20, 39);
    for (Socket socket : open) {
      socket.close();
    }
    requireAnswer();
  }

  private static void requireAnswer() throws Exception {
    for (int i = 0; i < 300; i++) {
      try (Socket socket = connect()) {
        if (answers(socket)) {
          return;
        }
      }
      Thread.sleep(20);
    }
    throw new AssertionError("no place was given back");
  }

  @Test
  void head_overItsLimits_isRefused() throws Exception {
    try (Socket socket = connect()) {
      write(socket, "GET /" + "x".repeat(600) + " HTTP/1.1\r\nhost: x\r\n\r\n");
      assertThat(first(socket)).matches("HTTP/1.. 414 .*\\s*");
    }
    try (Socket socket = connect()) {
      write(socket, "GET / HTTP/1.1\r\nx-long: " + "y".repeat(3000) + "\r\n\r\n");
      assertThat(first(socket)).matches("HTTP/1.. 431 .*\\s*");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "OPTIONS *",
        "CONNECT x:1",
        "GET ?x=1",
        "GET http://other/v1/jobs",
        "GET http://",
        "GET #",
        "GET //",
        "TRACE /",
        "PROPFIND /v1/jobs",
        "GET /%00",
      })
  void target_ofAnyForm_isAnswered(String line) throws Exception {
    for (TrialNode each : List.of(node, keyed)) {
      try (Socket socket = new Socket("127.0.0.1", each.port())) {
        socket.setSoTimeout(20_000);
        write(socket, line + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assertThat(first(socket)).as(line).matches("HTTP/1.. (200|4\\d\\d|501) .*\\s*");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/predict", "/v1/jobs"})
  void json_nestedDeep_is400(String path) throws Exception {
    for (String one : new String[] {"[", "{\"a\":", "[{\"a\":", "{\"features\":[", "{\"x\":["}) {
      HttpResponse<String> answer = node.post(path, one.repeat(100_000));

      assertThat(answer.statusCode()).as(one + " " + answer.body()).isEqualTo(400);
      assertThat(new JsonObject(answer.body()).getString("code")).startsWith("invalid_");
    }
  }

  /** Writes a byte every tenth of a second until the other end has said all it will. */
  private static String trickle(Socket socket, String piece) throws IOException {
    socket.setSoTimeout(100);
    StringBuilder answer = new StringBuilder();
    InputStream in = socket.getInputStream();
    for (int i = 0; i < 300; i++) {
      try {
        int c = in.read();
        if (c < 0) {
          return answer.toString();
        }
        answer.append((char) c);
        while (in.available() > 0) {
          answer.append((char) in.read());
        }
      } catch (SocketTimeoutException nothingYet) {
        if (answer.indexOf("408") < 0) {
          write(socket, piece);
        }
      } catch (IOException cutOff) {
        return answer.toString();
      }
    }
    throw new AssertionError("still open after 30 s: " + answer);
  }

  private static boolean answers(Socket socket) {
    try {
      write(socket, "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n");
      return first(socket).startsWith("HTTP/1.1 200 ");
    } catch (IOException closed) {
      return false;
    }
  }

  private static String first(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c; (c = socket.getInputStream().read()) >= 0 && c != '\n'; ) {
      line.append((char) c);
    }
    return line.toString();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", node.port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
