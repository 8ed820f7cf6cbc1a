package io.retort.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Held while the file {@code live} of one model is read and written anew: the file {@code
 * .live.lock}, locked by the system among processes, and a lock of Java among the threads of this
 * one.
 */
final class LiveLock implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** The system's locks are the process's, and closing any channel of the file gives them up. */
  private static final ConcurrentHashMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private final ReentrantLock thread;
  private final FileChannel channel;

  private LiveLock(ReentrantLock thread, FileChannel channel) {
    this.thread = thread;
    this.channel = channel;
  }

  /**
   * Waits for its turn.
   *
   * @throws ModelException if another process keeps it for 10 s
   */
  static LiveLock take(Path model) throws IOException {
    ReentrantLock thread =
        THREADS.computeIfAbsent(model.toRealPath(), first -> new ReentrantLock());
    thread.lock();
    try {
      FileChannel channel =
          FileChannel.open(
              model.resolve(".live.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        lock(model, channel);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return new LiveLock(thread, channel);
    } catch (IOException | RuntimeException e) {
      thread.unlock();
      throw e;
    }
  }

  private static void lock(Path model, FileChannel channel) throws IOException {
    long began = System.nanoTime();
    FileLock lock = channel.tryLock();
    while (lock == null) {
      if (System.nanoTime() - began > PATIENCE_NANOS) {
        throw new ModelException(
            "[models] the lock of "
                + model
                + " must be free within 10 s: another process holds it");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
      lock = channel.tryLock();
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      thread.unlock();
    }
  }
}
