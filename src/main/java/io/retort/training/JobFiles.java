package io.retort.training;

import io.retort.bus.JobRequest;
import io.retort.bus.JobState;
import io.retort.bus.ProgressFrame;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is kept of jobs between two lives of the node, in {@code jobs/<id>/}: {@code request.json},
 * {@code job.json} and a line in {@code progress.jsonl} for each report.
 */
final class JobFiles {
  private static final Logger LOG = LoggerFactory.getLogger(JobFiles.class);
  private static final String REQUEST = "request.json";
  private static final String JOB = "job.json";
  private static final String PROGRESS = "progress.jsonl";
  private final Path directory;

  /** One job as it was left. */
  record Kept(JobRequest request, JobState state) {}

  /**
   * Opens the directory, making it where it is missing.
   *
   * @throws IllegalStateException if it cannot be written
   */
  JobFiles(Path directory) {
    this.directory = directory;
    try {
      Files.createDirectories(directory);
      Files.delete(Files.createTempFile(directory, ".writable", null));
    } catch (IOException e) {
      throw new IllegalStateException(
          "[training] the jobs directory must be writable: " + directory, e);
    }
  }

  /** Whether a job of this id was ever begun here. */
  boolean has(String id) {
    return Files.exists(directory.resolve(id));
  }

  void create(JobRequest request, JobState state) {
    try {
      Files.createDirectories(directory.resolve(state.id()));
      replace(directory.resolve(state.id()).resolve(REQUEST), request.toJson());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "[training] the job cannot be written to the jobs directory", e);
    }
    save(state);
  }

  void save(JobState state) {
    try {
      replace(directory.resolve(state.id()).resolve(JOB), state.toJson());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "[training] the state of job " + state.id() + " cannot be written", e);
    }
  }

  /** Written whole or not at all. */
  private static void replace(Path file, JsonObject content) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".part");
    try (FileChannel channel =
        FileChannel.open(
            beside,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      channel.write(ByteBuffer.wrap(content.encodePrettily().getBytes(StandardCharsets.UTF_8)));
      channel.force(true);
    }
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Every job, the oldest first; one that cannot be read is logged and left alone. */
  List<Kept> all() {
    List<Kept> jobs = new ArrayList<>();
    try (Stream<Path> homes = Files.list(directory)) {
      for (Path home : homes.filter(each -> Files.exists(each.resolve(JOB))).toList()) {
        try {
          jobs.add(
              new Kept(
                  JobRequest.of(json(home.resolve(REQUEST))),
                  JobState.of(json(home.resolve(JOB)))));
        } catch (IOException | RuntimeException e) {
          LOG.warn("training: the job in {} cannot be read: {}", home, e.getMessage());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "[training] the jobs directory must be readable: " + directory, e);
    }
    jobs.sort((a, b) -> a.state.created().compareTo(b.state.created()));
    return jobs;
  }

  private static JsonObject json(Path file) throws IOException {
    return new JsonObject(Buffer.buffer(Files.readAllBytes(file)));
  }

  /**
   * Appends a report; it need not survive a crash of the machine. The line ends before it, not
   * after, so that one that a crash cut off spoils no other.
   */
  void append(ProgressFrame frame) {
    try {
      Files.writeString(
          directory.resolve(frame.job()).resolve(PROGRESS),
          "\n" + ProgressFrame.FORMAT.toJson(frame).encode(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      LOG.warn("training: a report of {} cannot be kept: {}", frame.job(), e.getMessage());
    }
  }

  /** The reports of a job, oldest first; a line that a crash cut off is passed over. */
  List<ProgressFrame> history(String id) {
    Path file = directory.resolve(id).resolve(PROGRESS);
    List<ProgressFrame> frames = new ArrayList<>();
    if (!Files.exists(file)) {
      return frames;
    }
    try (Stream<String> lines = Files.lines(file)) {
      lines.forEach(line -> read(line, frames));
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("training: the reports of {} cannot be read: {}", id, e.getMessage());
    }
    return frames;
  }

  private static void read(String line, List<ProgressFrame> frames) {
    try {
      frames.add(ProgressFrame.FORMAT.fromJson(new JsonObject(line)));
    } catch (DecodeException | ClassCastException cut) {
      LOG.debug("a line that is not a report: {}", line);
    }
  }
}
