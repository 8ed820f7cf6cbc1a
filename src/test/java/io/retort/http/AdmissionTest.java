package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialModel;
import io.retort.TrialNode;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {
  @TempDir Path home;
  private TrialNode node;
  private TrialModel model;

  @BeforeEach
  void start() {
    node = TrialNode.start(home, Map.of("http.maxInFlight", 2), "http");
    model = new TrialModel(node.bus());
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 4000, 3_000_000})
  void predict_moreThanMayWait_is429AndTheConnectionGoesOn(int length) throws Exception {
    try (Client first = new Client();
        Client second = new Client();
        Client third = new Client()) {
      first.send(20);
      second.send(20);
      TrialModel.Question asked = model.next();
      TrialModel.Question other = model.next();

      for (int i = 0; i < 3; i++) {
        third.send(length);
        String refused = third.answer();
        assertThat(refused).startsWith("HTTP/1.1 429 ").contains("retry-after: 1");
        assertThat(third.json().getString("code")).isEqualTo("queue_full");
      }
      asked.reply("1", 0.5f);
      assertThat(first.answer()).startsWith("HTTP/1.1 200 ");
      third.send(20);
      model.next().reply("1", 0.25f);
      assertThat(third.answer()).startsWith("HTTP/1.1 200 ");
      other.reply("1", 0.5f);
      assertThat(second.answer()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void predict_afterRefusalsOfEveryKind_stillHasRoomForAll() throws Exception {
    try (Client client = new Client()) {
      for (String type :
          new String[] {"application/json", "application/octet-stream", "image/png"}) {
        for (int i = 0; i < 3; i++) {
          client.send("/predict", "not what it should be", type);
          assertThat(client.answer()).matches("(?s)HTTP/1.1 (400|503) .*");
          client.send("/predict?model=%zz", "x", type);
          assertThat(client.answer()).startsWith("HTTP/1.1 400 ");
        }
      }
      for (int i = 0; i < 3; i++) {
        client.send(20);
        model.next().answer().fail(io.retort.bus.Failure.MODEL_ERROR.because("broken"));
        assertThat(client.answer()).startsWith("HTTP/1.1 500 ");
      }
      client.send(20);
      model.next().reply("1", 1);
      assertThat(client.answer()).startsWith("HTTP/1.1 200 ");
    }
  }

  /** One connection, which is never opened again. */
  private final class Client implements AutoCloseable {
    private final Socket socket = new Socket("127.0.0.1", node.port());
    private final BufferedReader in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    private String body;

    Client() throws IOException {
      socket.setSoTimeout(10_000);
    }

    /** A prediction whose body has so many bytes. */
    void send(int length) throws IOException {
      String features = "{\"features\":[1]";
      send(
          "/predict",
          features + " ".repeat(length - features.length() - 1) + "}",
          "application/json");
    }

    void send(String path, String body, String type) throws IOException {
      String head =
          "POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n"
              .formatted(path, type, body.length());
      socket.getOutputStream().write((head + body).getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The head of the next answer; its body is {@link #json} then. */
    String answer() throws IOException {
      StringBuilder head = new StringBuilder();
      int length = 0;
      for (String line; (line = in.readLine()) != null && !line.isEmpty(); ) {
        head.append(line).append('\n');
        if (line.startsWith("content-length: ")) {
          length = Integer.parseInt(line.substring("content-length: ".length()));
        }
      }
      char[] text = new char[length];
      for (int at = 0; at < length; ) {
        at += in.read(text, at, length - at);
      }
      body = new String(text);
      return head.toString();
    }

    JsonObject json() {
      return new JsonObject(body);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
