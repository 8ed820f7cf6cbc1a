package io.retort.training;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The platform thread on which jobs run, one task after the other; answers come back on a context.
 */
final class TrainingThread {
  private final Context home;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread owned = new Thread(task, "retort-training");
            owned.setDaemon(true);
            return owned;
          });

  TrainingThread(Context home) {
    this.home = home;
  }

  <T> Future<T> run(Callable<T> task) {
    Promise<T> promise = Promise.promise();
    thread.execute(
        () -> {
          try {
            T result = task.call();
            home.runOnContext(turn -> promise.complete(result));
          } catch (Exception | Error e) {
            home.runOnContext(turn -> promise.fail(e));
          }
        });
    return promise.future();
  }

  /** Runs {@code last} after all that waits, and takes nothing any more. */
  Future<Void> close(Runnable last) {
    Future<Void> closed =
        run(
            () -> {
              last.run();
              return null;
            });
    thread.shutdown();
    return closed;
  }
}
