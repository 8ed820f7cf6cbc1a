package io.retort.config;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeTest {
  @TempDir Path home;

  @Test
  void start_onePartCannot_stopsTheOthersAndTellsWhy() throws Exception {
    try (TrialNode first = TrialNode.start(home, Map.of(), "http")) {
      assertThatThrownBy(
              () ->
                  TrialNode.start(
                      home, Map.of("http.port", first.port()), "inference", "cache", "http"))
          .hasMessageContaining("must be free to listen on");
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .doesNotContain("retort-lane");
    }
  }

  @Test
  void start_verticleThatIsNotThere_isNamed() {
    String text = "{\"verticles\": [{\"name\": \"mine\", \"verticle\": \"com.acme.Missing\"}]}";
    Verticles verticles = Verticles.parse(text, Map.of(), Map.of());

    assertThatThrownBy(() -> TrialNode.await(Node.start(Vertx.vertx(), verticles)))
        .hasStackTraceContaining("com.acme.Missing");
  }

  @Test
  void stop_underLoad_answersEveryRequestItAccepted() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 512, 10), 1);
    TrialNode node = TrialNode.start(home, Map.of(), "inference", "cache", "http");
    node.awaitLive("student", "1");
    AtomicInteger answers = new AtomicInteger();
    List<CompletableFuture<Void>> clients = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      int seed = client * 1_000_000;
      int port = node.port();
      clients.add(CompletableFuture.runAsync(() -> ask(port, seed, answers)));
    }
    while (answers.get() < 200) {
      Thread.sleep(5);
    }

    node.close();

    clients.forEach(CompletableFuture::join);
    assertThat(answers.get()).isGreaterThanOrEqualTo(200);
  }

  /** Asks over one connection until it is closed: between two answers, never within one. */
  private static void ask(int port, int seed, AtomicInteger answers) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      for (int i = 0; ; i++) {
        byte[] body = body(digit(seed + i)).getBytes(StandardCharsets.US_ASCII);
        String head =
            "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ";
        byte[] start = (head + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] whole = new byte[start.length + body.length];
        System.arraycopy(start, 0, whole, 0, start.length);
        System.arraycopy(body, 0, whole, start.length, body.length);
        socket.getOutputStream().write(whole);
        if (!readAnswer(socket.getInputStream())) {
          return;
        }
        answers.incrementAndGet();
      }
    } catch (SocketException closed) {
      assertThat(closed).hasMessageMatching("(?i).*(reset|refused|broken pipe|closed).*");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean readAnswer(InputStream in) throws IOException {
    StringBuilder answer = new StringBuilder();
    for (int c; answer.indexOf("\r\n\r\n") < 0 && (c = in.read()) >= 0; ) {
      answer.append((char) c);
    }
    if (answer.isEmpty()) {
      return false;
    }
    assertThat(answer.toString()).startsWith("HTTP/1.1 200 OK");
    String length = answer.substring(answer.indexOf("content-length: ") + 16).split("\r\n")[0];
    int bytes = Integer.parseInt(length);
    assertThat(in.readNBytes(bytes)).as("an answer cut off").hasSize(bytes);
    return true;
  }
}
