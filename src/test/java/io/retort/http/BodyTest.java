package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BodyTest {
  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    node = TrialNode.serving(home);
  }

  @AfterAll
  static void stop() {
    node.close();
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

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
    assertThat(json.fieldNames()).containsExactly("error", "code");
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", home.toString());
  }
}
