package io.retort.http;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.ProgressFrame;
import io.retort.training.SmallJob;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeedRoutesTest {
  @TempDir static Path data;
  @TempDir Path home;
  private TrialNode node;

  @BeforeAll
  static void write() throws Exception {
    SmallJob.data(data, 1000, 200);
  }

  @BeforeEach
  void start() {
    node =
        TrialNode.start(
            home,
            Map.of("training.dataDirectory", data.toString(), "training.progressMillis", 0),
            "http",
            "training");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void feed_fromTheStart_bringsEveryPhaseAndTheEnd() throws Exception {
    String place = submit(3);
    List<JsonObject> frames = follow(place + "/progress");

    until(() -> ended(frames));

    assertThat(frames.stream().map(f -> f.getString("phase")).distinct())
        .containsSubsequence("teacher", "distill", "done");
    assertThat(frames.stream().map(f -> f.getLong("sequence"))).isSorted().doesNotHaveDuplicates();
    JsonObject middle =
        frames.stream()
            .filter(f -> f.getString("phase").equals("distill"))
            .findFirst()
            .orElseThrow();
    assertThat(middle.fieldNames())
        .contains(
            "job",
            "phase",
            "epoch",
            "step",
            "steps",
            "loss",
            "accuracy",
            "samplesPerSecond",
            "etaSeconds");
    assertThat(middle.getJsonObject("loss").fieldNames()).contains("total", "soft", "hard");
  }

  @Test
  void feed_afterTheEnd_bringsTheHistory() throws Exception {
    String place = submit(2);
    List<JsonObject> live = follow(place + "/progress");
    until(() -> ended(live));

    List<JsonObject> late = follow(place + "/progress");
    until(() -> ended(late));

    assertThat(late).containsAll(live);
  }

  @Test
  void feed_ofAllJobs_bringsTwoOfThem() throws Exception {
    List<JsonObject> frames = follow("/v1/progress");
    submit(1);
    submit(1);

    until(() -> frames.stream().filter(f -> f.getString("phase").equals("done")).count() == 2);

    assertThat(frames.stream().map(f -> f.getString("job")).distinct()).hasSize(2);
  }

  @Test
  void feed_unknownJob_is404BeforeTheHandshake() throws Exception {
    try (Socket socket = handshake("/v1/jobs/nobody/progress")) {
      byte[] answer = new byte[12];
      assertThat(socket.getInputStream().readNBytes(answer, 0, 12)).isEqualTo(12);
      assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 404");
    }
  }

  @Test
  void feed_readerThatNeverReads_slowsNobodyAndGetsTheLastFrame() throws Exception {
    String job = submit(1).substring(JobRoutes.PATH.length() + 1);
    until(() -> !state(job).equals("running") && !state(job).equals("queued"));
    try (Socket sleeper = handshake("/v1/progress")) {
      List<JsonObject> quick = follow("/v1/progress");
      String padding = "x".repeat(1000);
      int count = 20_000;
      for (int i = 1; i <= count; i++) {
        ProgressFrame frame =
            new ProgressFrame("other", i, padding, 1, 1, i, count, Map.of("total", 0.5), 0.5, 1, 1);
        node.bus().publish(Addresses.PROGRESS, frame);
        if (i % 100 == 0) {
          int published = i;
          until(() -> !quick.isEmpty() && quick.get(quick.size() - 1).getLong("step") == published);
        }
      }

      assertThat(quick.get(quick.size() - 1).getLong("step")).isEqualTo(count);
      String all = readUntil(sleeper, "\"step\":" + count + ",");
      assertThat(all.length()).as("what a sleeper is kept").isLessThan(count * 1000 / 2);
    }
  }

  @Test
  void stop_openFeeds_areClosedAsGoingAway() throws Exception {
    WebSocketClient client = node.vertx().createWebSocketClient();
    WebSocket socket = await(client.connect(node.port(), "127.0.0.1", "/v1/progress"));
    CopyOnWriteArrayList<Short> codes = new CopyOnWriteArrayList<>();
    socket.closeHandler(closed -> codes.add(socket.closeStatusCode()));

    node.close();

    assertThat(codes).containsExactly((short) 1001);
    start();
  }

  private String submit(int epochs) throws Exception {
    HttpResponse<String> accepted = node.post("/v1/jobs", SmallJob.recipe(epochs).encode());
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(201);
    return accepted.headers().firstValue("location").orElseThrow();
  }

  private String state(String job) {
    try {
      return new JsonObject(node.get(JobRoutes.PATH + "/" + job).body()).getString("status");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private List<JsonObject> follow(String path) {
    List<JsonObject> frames = new CopyOnWriteArrayList<>();
    WebSocketClient client = node.vertx().createWebSocketClient();
    await(
        client
            .connect(node.port(), "127.0.0.1", path)
            .onSuccess(
                socket -> socket.textMessageHandler(text -> frames.add(new JsonObject(text)))));
    return frames;
  }

  private static boolean ended(List<JsonObject> frames) {
    return !frames.isEmpty() && frames.get(frames.size() - 1).getString("phase").equals("done");
  }

  private Socket handshake(String path) throws Exception {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new java.net.InetSocketAddress("127.0.0.1", node.port()));
    socket.setSoTimeout(10_000);
    socket
        .getOutputStream()
        .write(
            ("GET "
                    + path
                    + " HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                    + "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String readUntil(Socket socket, String wanted) throws Exception {
    StringBuilder all = new StringBuilder();
    InputStream in = socket.getInputStream();
    byte[] piece = new byte[8192];
    for (int n;
        all.indexOf(wanted, Math.max(0, all.length() - 20_000)) < 0 && (n = in.read(piece)) > 0; ) {
      all.append(new String(piece, 0, n, StandardCharsets.ISO_8859_1));
    }
    assertThat(all.indexOf(wanted)).isPositive();
    return all.toString();
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 6000; i++) {
      if (condition.getAsBoolean()) {
        return;
      }
      Thread.sleep(5);
    }
    throw new AssertionError("not within 30 s");
  }
}
