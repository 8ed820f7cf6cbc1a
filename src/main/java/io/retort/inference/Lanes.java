package io.retort.inference;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** Platform threads of our own, which no pool of the toolkit takes away. */
final class Lanes {
  private Lanes() {}

  /** So many threads that take their tasks from one queue, started when they are needed. */
  static ExecutorService named(String name, int threads) {
    return Executors.newFixedThreadPool(threads, task -> daemon(name, task));
  }

  /** Starts tasks after a delay. */
  static ScheduledExecutorService timer(String name) {
    return Executors.newSingleThreadScheduledExecutor(task -> daemon(name, task));
  }

  private static Thread daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
