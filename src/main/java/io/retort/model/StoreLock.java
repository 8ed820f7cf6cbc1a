package io.retort.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One writer at a time for a directory: the file {@code .lock}, locked by the system (so a killed
 * process holds nothing) and holding the writer's process id.
 */
final class StoreLock implements AutoCloseable {
  /**
   * Far behind the text: where locks are mandatory (Windows), another process can still read who it
   * is.
   */
  private static final long LOCKED_BYTE = 1L << 30;

  /**
   * Closing any channel of a file gives up this process's lock on it (POSIX): so a second one is
   * never opened.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel channel;

  private StoreLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param directory as {@link Path#toRealPath} gives it
   * @throws ModelException naming the process that holds it
   */
  static StoreLock take(Path directory) throws IOException {
    if (!HELD.add(directory)) {
      throw inUse(directory, "this process");
    }
    try {
      FileChannel channel =
          FileChannel.open(
              directory.resolve(".lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      lock(directory, channel);
      return new StoreLock(directory, channel);
    } catch (IOException | RuntimeException e) {
      HELD.remove(directory);
      throw e;
    }
  }

  private static void lock(Path directory, FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        throw inUse(directory, "process " + holder(channel));
      }
      byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(pid), 0);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(32);
    channel.read(text, 0);
    String pid = StandardCharsets.US_ASCII.decode(text.flip()).toString().strip();
    return pid.isEmpty() ? "(starting)" : pid;
  }

  private static ModelException inUse(Path directory, String by) {
    return new ModelException(
        "[models] a directory must have one writer: " + directory + " is in use by " + by);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    HELD.remove(directory);
  }
}
