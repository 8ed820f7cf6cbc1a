package io.retort.inference;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Platform threads of our own, which the garbage of a pool never outlives. */
final class Lane {
  private Lane() {}

  /** One thread that runs its tasks one after the other. */
  static ExecutorService named(String name) {
    return Executors.newSingleThreadExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }
}
