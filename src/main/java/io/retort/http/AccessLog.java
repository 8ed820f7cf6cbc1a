package io.retort.http;

import io.vertx.core.json.JsonObject;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON a request, appended by a thread of its own. A request never waits for it: lines
 * for which there is no room are dropped and counted. Neither a body nor a query is ever in it.
 */
final class AccessLog {
  private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);
  private static final String STANDARD_OUTPUT = "-";
  private static final int ROOM = 8192;
  private static final int LINES_AT_ONCE = 1024;
  private static final int MAX_PATH = 1024;

  /** A request; what is not known of it is null. */
  record Line(
      long millis,
      String id,
      String trace,
      String remote,
      String method,
      String path,
      int status,
      String code,
      long bytesIn,
      long bytesOut,
      long micros,
      String model,
      String version,
      String source) {

    Line {
      path = path != null && path.length() > MAX_PATH ? path.substring(0, MAX_PATH) : path;
    }

    String json() {
      JsonObject json =
          new JsonObject()
              .put("time", Instant.ofEpochMilli(millis).toString())
              .put("id", id)
              .put("trace", trace)
              .put("remote", remote)
              .put("method", method)
              .put("path", path)
              .put("status", status)
              .put("code", code)
              .put("bytesIn", bytesIn)
              .put("bytesOut", bytesOut)
              .put("micros", micros)
              .put("model", model)
              .put("version", version)
              .put("source", source);
      json.getMap().values().removeIf(value -> value == null);
      return json.encode();
    }
  }

  private static final Line END =
      new Line(0, null, null, null, null, null, 0, null, 0, 0, 0, null, null, null);

  private final BlockingQueue<Line> waiting = new ArrayBlockingQueue<>(ROOM);
  private final OutputStream out;
  private final LongAdder dropped;
  private final Thread writer = new Thread(this::write, "retort-access-log");
  private boolean broken;

  AccessLog(OutputStream out, LongAdder dropped) {
    this.out = out;
    this.dropped = dropped;
    writer.setDaemon(true);
    writer.start();
  }

  /**
   * Opens a log at the end of a file, or on the standard output stream for {@code -}.
   *
   * @param dropped counts the lines that are not written
   */
  static AccessLog open(String place, LongAdder dropped) {
    if (place.equals(STANDARD_OUTPUT)) {
      return new AccessLog(new FileOutputStream(FileDescriptor.out), dropped);
    }
    try {
      OutputStream file =
          Files.newOutputStream(
              Path.of(place), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return new AccessLog(file, dropped);
    } catch (IOException e) {
      throw new IllegalStateException(
          "[http] accessLog must be a file that can be written: " + e, e);
    }
  }

  void offer(Line line) {
    if (!waiting.offer(line)) {
      dropped.increment();
    }
  }

  private void write() {
    List<Line> lines = new ArrayList<>(LINES_AT_ONCE);
    try {
      boolean open = true;
      while (open) {
        lines.add(waiting.take());
        waiting.drainTo(lines, LINES_AT_ONCE - 1);
        open = lines.get(lines.size() - 1) != END;
        append(open ? lines : lines.subList(0, lines.size() - 1));
        lines.clear();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** In one write, so that several processes may append to one file line by line. */
  private void append(List<Line> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.json()).append('\n'));
    try {
      out.write(text.toString().getBytes(StandardCharsets.UTF_8));
      out.flush();
      broken = false;
    } catch (IOException e) {
      dropped.add(lines.size());
      if (!broken) {
        LOG.error("http: the access log cannot be written", e);
      }
      broken = true;
    }
  }

  /** Writes what waits; nothing may be offered any more. It blocks. */
  void close() throws IOException, InterruptedException {
    waiting.put(END);
    writer.join();
    out.close();
  }
}
