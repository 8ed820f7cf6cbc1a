package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FarewellTest {
  private static final String BODY = body(digit(1));
  private static final String ASK =
      "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: " + BODY.length() + "\r\n\r\n" + BODY;
  private static final String LEAVE = "connection: close";
  @TempDir Path home;

  @BeforeEach
  void putLive() {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 16, 10), 1);
  }

  private TrialNode start(int drainMillis, int lingerMillis) throws InterruptedException {
    Map<String, Object> flags =
        Map.of("http.drainMillis", drainMillis, "http.lingerMillis", lingerMillis);
    TrialNode node = TrialNode.start(home, flags, "inference", "http");
    node.awaitLive("student", "1");
    return node;
  }

  @Test
  void stop_whileItDrains_isNotReadyButAnswersNewConnections() throws Exception {
    TrialNode node = start(1000, 0);
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(node::close);
    while (node.get("/health/ready").statusCode() != 503) {
      Thread.sleep(5);
    }

    try (Socket late = new Socket("127.0.0.1", node.port())) {
      String answer = exchange(late, ASK);
      assertThat(answer).startsWith("HTTP/1.1 200").doesNotContain(LEAVE);
    }
    assertThat(node.get("/health").body()).contains("\"status\":\"stopping\"");
    stopped.join();
  }

  @Test
  void stop_clientThatAsksAgain_isAnsweredAndToldToLeave() throws Exception {
    TrialNode node = start(0, 60_000);
    CompletableFuture<Void> stopped;
    try (Socket client = new Socket("127.0.0.1", node.port())) {
      assertThat(exchange(client, ASK)).doesNotContain(LEAVE);
      stopped = CompletableFuture.runAsync(node::close);
      awaitRefusal(node.port());

      String both = exchange(client, ASK + ASK, 2);

      assertThat(both.split("HTTP/1.1 200", -1)).hasSize(3);
      assertThat(both.indexOf(LEAVE)).isGreaterThan(both.lastIndexOf("HTTP/1.1"));
    }
    stopped.join();
  }

  @Test
  void stop_clientThatIsSilent_isCutOff() throws Exception {
    TrialNode node = start(0, 50);
    try (Socket client = new Socket("127.0.0.1", node.port())) {
      exchange(client, ASK);

      node.close();

      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  private static void awaitRefusal(int port) throws InterruptedException {
    while (accepts(port)) {
      Thread.sleep(5);
    }
  }

  private static boolean accepts(int port) {
    try (Socket late = new Socket("127.0.0.1", port)) {
      return late.isConnected();
    } catch (IOException refused) {
      return false;
    }
  }

  private static String exchange(Socket client, String request) throws IOException {
    return exchange(client, request, 1);
  }

  /** Reads until so many predictions have come. */
  private static String exchange(Socket client, String request, int answers) throws IOException {
    client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    StringBuilder text = new StringBuilder();
    while (text.toString().split("\"version\":\"1\"}", -1).length <= answers) {
      int c = client.getInputStream().read();
      assertThat(c).as("closed after: " + text).isNotNegative();
      text.append((char) c);
    }
    return text.toString();
  }
}
