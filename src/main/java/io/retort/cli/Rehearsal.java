package io.retort.cli;

import io.retort.Retort;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Serves an untrained student for a moment and asks it what clients ask, then ends the process: a
 * JVM that is told to write a class-data archive at its end writes down what a server needs. The
 * launcher's {@code archive} command runs it.
 */
public final class Rehearsal {
  private static final int PREDICTIONS = 50;
  private static final long PATIENCE_NANOS = 30_000_000_000L;
  private static final List<String> PATHS =
      List.of("/health", "/health/live", "/health/ready", "/v1/models", "/v2", "/metrics");

  private Rehearsal() {}

  /** Ends with exit code 0 if the student has answered, else 1. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path home = Files.createTempDirectory("retort-rehearsal");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(home)));
    Path models = home.resolve("models");
    putLive(models);
    int port = freePort();
    Retort.main(
        new String[] {"run", "--models", models.toString(), "--port", String.valueOf(port)});
    String predict = post(Architecture.named("student"));
    long began = System.nanoTime();
    for (int answers = 0; answers < PREDICTIONS; ) {
      if (ask(port, predict).startsWith("HTTP/1.1 200")) {
        answers++;
      } else if (System.nanoTime() - began > PATIENCE_NANOS) {
        System.exit(1);
      } else {
        Thread.sleep(10);
      }
    }
    for (String path : PATHS) {
      ask(port, "GET " + path + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    }
    System.exit(0);
  }

  private static void putLive(Path models) {
    Architecture student = Architecture.named("student");
    Map<String, HostTensor> zeros = new LinkedHashMap<>();
    student
        .variables()
        .forEach(
            (path, shape) ->
                zeros.put(path, HostTensor.of(shape, new float[Math.toIntExact(shape.size())])));
    try (ModelStore store = ModelStore.open(models)) {
      ModelCard card = store.save(student.name(), student, zeros, Map.of(), null, null);
      store.promote(card.name(), card.version());
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String post(Architecture model) {
    String numbers = "0.25,".repeat(Math.toIntExact(model.input().size()) - 1) + "1";
    String body = "{\"features\":[" + numbers + "]}";
    return "POST /predict HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        + "content-type: application/json\r\ncontent-length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static String ask(int port, String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  private static void remove(Path home) {
    try (Stream<Path> files = Files.walk(home)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
