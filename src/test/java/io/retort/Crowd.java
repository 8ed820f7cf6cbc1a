package io.retort;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that ask {@code /predict} again and again, each over one connection, until an answer says
 * {@code connection: close}. Whatever else ends a connection is a loss.
 */
public final class Crowd implements AutoCloseable {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<CompletableFuture<Void>> clients = new ArrayList<>();
  private final AtomicInteger answers = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> losses = new ConcurrentLinkedQueue<>();

  /**
   * Clients that ask.
   *
   * @param pauseMillis between an answer and the next question, different for each client; at most
   */
  public Crowd(int clients, int port, int pauseMillis) {
    for (int client = 0; client < clients; client++) {
      int pause = clients == 1 ? pauseMillis : pauseMillis * client / (clients - 1);
      int seed = client * 1_000_000;
      this.clients.add(CompletableFuture.runAsync(() -> ask(port, seed, pause), threads));
    }
  }

  public void awaitAnswers(int count) throws InterruptedException {
    for (int i = 0; answers.get() < count && i < 6000; i++) {
      Thread.sleep(5);
    }
    if (answers.get() < count) {
      throw new AssertionError(answers + " of " + count + " answers after 30 s; lost: " + losses);
    }
  }

  /** Waits until all have gone; one line for each request that was sent and not answered by 200. */
  public List<String> losses() throws Exception {
    CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
    return List.copyOf(losses);
  }

  private void ask(int port, int seed, int pause) {
    int asked = 0;
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(30_000);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      boolean stays = true;
      while (stays) {
        byte[] body =
            TrialNode.body(TrialNode.digit(seed + asked)).getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(request(body));
        asked++;
        stays = readAnswer(in);
        answers.incrementAndGet();
        Thread.sleep(pause);
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      losses.add("client " + seed + ", request " + asked + ": " + e);
    }
  }

  private static byte[] request(byte[] body) {
    String head =
        "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ";
    byte[] start = (head + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    byte[] whole = new byte[start.length + body.length];
    System.arraycopy(start, 0, whole, 0, start.length);
    System.arraycopy(body, 0, whole, start.length, body.length);
    return whole;
  }

  /** Whether the connection stays open. */
  private static boolean readAnswer(InputStream in) throws IOException {
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("closed after " + answer.length() + " characters");
      }
      answer.append((char) c);
    }
    String head = answer.toString().toLowerCase(Locale.ROOT);
    int bytes = Integer.parseInt(head.split("content-length: ")[1].split("\r\n")[0]);
    String body = new String(in.readNBytes(bytes), StandardCharsets.US_ASCII);
    if (!head.startsWith("http/1.1 200 ok") || body.length() != bytes) {
      throw new IOException(head + body);
    }
    return !head.contains("connection: close");
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
