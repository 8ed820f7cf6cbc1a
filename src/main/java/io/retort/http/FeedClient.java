package io.retort.http;

import io.retort.bus.ProgressFrame;
import io.vertx.core.http.ServerWebSocket;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * One reader of the feed. What its socket does not take waits in one slot a job, where the newest
 * frame replaces the one before: a slow reader loses old frames, never the last, and holds a
 * bounded amount of memory.
 */
final class FeedClient {
  private static final int MAX_SLOTS = 256;

  private record Slot(long sequence, String text) {}

  private final String job;
  private final LongAdder dropped;
  private final Map<String, Slot> slots =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Slot> eldest) {
          boolean over = size() > MAX_SLOTS;
          if (over) {
            dropped.increment();
          }
          return over;
        }
      };
  private Iterator<ProgressFrame> history = Collections.emptyIterator();
  private ServerWebSocket socket;

  /**
   * A reader of one job, or of all if the id is empty; frames wait in the slots until it is open.
   *
   * @param dropped counts the frames that it does not get
   */
  FeedClient(String job, LongAdder dropped) {
    this.job = job;
    this.dropped = dropped;
  }

  void offer(ProgressFrame frame, String text) {
    if (job.isEmpty() || job.equals(frame.job())) {
      if (slots.remove(frame.job()) != null) {
        dropped.increment();
      }
      slots.put(frame.job(), new Slot(frame.sequence(), text));
      pump();
    }
  }

  void open(ServerWebSocket socket, List<ProgressFrame> frames) {
    Map<String, Long> last = new HashMap<>();
    frames.forEach(frame -> last.merge(frame.job(), frame.sequence(), Math::max));
    slots
        .entrySet()
        .removeIf(slot -> slot.getValue().sequence <= last.getOrDefault(slot.getKey(), 0L));
    this.history = frames.iterator();
    this.socket = socket;
    socket.drainHandler(drained -> pump());
    pump();
  }

  private void pump() {
    while (socket != null && !socket.isClosed() && !socket.writeQueueFull()) {
      if (history.hasNext()) {
        socket.writeTextMessage(FeedRoutes.text(history.next()));
      } else if (!slots.isEmpty()) {
        Iterator<Slot> oldest = slots.values().iterator();
        socket.writeTextMessage(oldest.next().text);
        oldest.remove();
      } else {
        return;
      }
    }
  }

  void close(short code, String reason) {
    if (socket != null) {
      socket.close(code, reason);
    }
  }
}
