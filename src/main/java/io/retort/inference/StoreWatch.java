package io.retort.inference;

import io.vertx.core.Vertx;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the store from time to time, on the loader's thread, for what another process has
 * promoted. A complaint that stays the same is logged once.
 */
final class StoreWatch {
  private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);

  private final Roster roster;
  private final Executor loading;
  private final AtomicBoolean waiting = new AtomicBoolean();
  private String complaint;

  StoreWatch(Roster roster, Executor loading) {
    this.roster = roster;
    this.loading = loading;
  }

  /** Looks every so many milliseconds; never if they are 0. */
  void start(Vertx vertx, int millis) {
    if (millis > 0) {
      vertx.setPeriodic(millis, id -> tick());
    }
  }

  private void tick() {
    if (waiting.compareAndSet(false, true)) {
      try {
        loading.execute(this::look);
      } catch (RejectedExecutionException e) {
        LOG.debug("inference: the store is not looked at while the node stops");
      }
    }
  }

  private void look() {
    try {
      roster.poll();
      complaint = null;
    } catch (RuntimeException e) {
      if (!String.valueOf(e.getMessage()).equals(complaint)) {
        complaint = String.valueOf(e.getMessage());
        LOG.warn("inference: the store cannot be looked at: {}", complaint);
      }
    } finally {
      waiting.set(false);
    }
  }
}
