package io.retort.http;

import io.vertx.core.Vertx;

/**
 * The bodies that have not come whole, the oldest first. Each second those whose time is over are
 * told; a body that comes at once costs no timer of its own. One thread at a time.
 */
final class SlowBodies {
  /** A body on its way, and its place in the list. */
  abstract static class Awaited {
    private Awaited before;
    private Awaited after;
    private long since;

    /** The time is over; it is no longer waited for. */
    abstract void late(int seconds);

    /** It is here, or will not come. */
    final void arrived() {
      if (before != null) {
        before.after = after;
        after.before = before;
        before = null;
      }
    }
  }

  private static final class Ring extends Awaited {
    @Override
    void late(int seconds) {
      throw new IllegalStateException("[http] the ends of the list are never late");
    }
  }

  private final Awaited ring = new Ring();
  private final int seconds;
  private long now;

  /** Never late if {@code seconds} is 0. */
  SlowBodies(Vertx vertx, int seconds) {
    this.seconds = seconds;
    ring.before = ring;
    ring.after = ring;
    if (seconds > 0) {
      vertx.setPeriodic(1000, tick -> sweep());
    }
  }

  void await(Awaited body) {
    body.since = now;
    body.before = ring.before;
    body.after = ring;
    ring.before.after = body;
    ring.before = body;
  }

  private void sweep() {
    now++;
    for (Awaited oldest; (oldest = ring.after) != ring && now - oldest.since > seconds; ) {
      oldest.arrived();
      oldest.late(seconds);
    }
  }
}
