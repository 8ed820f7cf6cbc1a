package io.retort.distill;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Writes checkpoints beside the training, one at a time. */
final class CheckpointWriter implements AutoCloseable {
  private final Path file;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread worker = new Thread(task, "checkpoint");
            worker.setDaemon(true);
            return worker;
          });
  private CompletableFuture<Void> pending = CompletableFuture.completedFuture(null);

  CheckpointWriter(Path file) {
    this.file = file;
  }

  /** Whether the last one is on disk; throws what went wrong with it. */
  boolean idle() {
    if (pending.isDone()) {
      await();
      return true;
    }
    return false;
  }

  /** Begins to write; waits first for the one before. */
  void write(Checkpoint checkpoint) {
    await();
    pending = CompletableFuture.runAsync(() -> checkpoint.write(file), thread);
  }

  /** Waits until the last one is on disk. */
  void await() {
    try {
      pending.join();
    } catch (CompletionException e) {
      pending = CompletableFuture.completedFuture(null);
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /** Waits for a write under way, whatever became of it. */
  @Override
  public void close() {
    thread.shutdown();
    pending.exceptionally(e -> null).join();
  }
}
