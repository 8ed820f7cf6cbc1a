package io.retort.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Files that are there whole or not at all, whenever the process or the machine stops: written
 * beside under a hidden name, fsynced, renamed; then the directory is fsynced, without which the
 * rename itself may be lost.
 */
final class AtomicFiles {
  /** Begins every name that is not finished; whoever lists a directory skips it. */
  static final String UNFINISHED = ".writing-";

  private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

  private AtomicFiles() {}

  /** Writes the buffers' remaining bytes one after the other. */
  static void write(Path file, List<ByteBuffer> content) throws IOException {
    Path beside = file.resolveSibling(UNFINISHED + file.getFileName());
    try {
      try (FileChannel channel =
          FileChannel.open(
              beside,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        for (ByteBuffer each : content) {
          ByteBuffer bytes = each.duplicate();
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        }
        channel.force(true);
      }
      rename(beside, file);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  static void write(Path file, String text) throws IOException {
    write(file, List.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
  }

  /** Gives a finished file or directory its name. */
  static void rename(Path unfinished, Path target) throws IOException {
    Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    sync(target.toAbsolutePath().getParent());
  }

  /** Windows has no such call, and keeps its directories by itself. */
  static void sync(Path directory) throws IOException {
    if (!WINDOWS) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Removes what a killed writer left in the directory. */
  static void sweep(Path directory) throws IOException {
    for (Path left : list(directory)) {
      if (left.getFileName().toString().startsWith(UNFINISHED)) {
        remove(left);
      }
    }
  }

  static boolean hasUnfinished(Path directory) throws IOException {
    return list(directory).stream()
        .anyMatch(each -> each.getFileName().toString().startsWith(UNFINISHED));
  }

  static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  /** Removes a file, or a directory with what is in it. */
  static void remove(Path path) throws IOException {
    try (Stream<Path> below = Files.walk(path)) {
      for (Path each : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
