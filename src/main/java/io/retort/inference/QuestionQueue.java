package io.retort.inference;

import java.util.ArrayDeque;
import java.util.List;

/** Questions that wait, the oldest first, bounded by their rows. Its user holds a lock. */
final class QuestionQueue {
  private final ArrayDeque<Question> questions = new ArrayDeque<>();
  private final int maxRows;
  private int rows;

  QuestionQueue(int maxRows) {
    this.maxRows = maxRows;
  }

  /** A request larger than the bound may wait alone. */
  boolean hasRoom(int more) {
    return rows == 0 || rows + more <= maxRows;
  }

  boolean isEmpty() {
    return questions.isEmpty();
  }

  int rows() {
    return rows;
  }

  long oldestNanos() {
    return questions.peek().arrivalNanos();
  }

  void add(Question question) {
    questions.add(question);
    rows += question.rows();
  }

  /** To the front, in their order. */
  void putBack(List<Question> batch) {
    for (int i = batch.size() - 1; i >= 0; i--) {
      questions.addFirst(batch.get(i));
      rows += batch.get(i).rows();
    }
  }

  /**
   * Takes the oldest that fit one batch, at least one that is alive if there is any.
   *
   * @param dead takes those that nobody waits for
   */
  void take(int maxBatch, long now, List<Question> batch, List<Question> dead) {
    int taken = 0;
    while (!questions.isEmpty() && (taken == 0 || taken + questions.peek().rows() <= maxBatch)) {
      Question next = questions.poll();
      rows -= next.rows();
      if (next.dead(now)) {
        dead.add(next);
      } else {
        batch.add(next);
        taken += next.rows();
      }
    }
  }

  /** Takes out those that nobody waits for, wherever they stand. */
  void sweep(long now, List<Question> dead) {
    questions.removeIf(
        question -> {
          if (!question.dead(now)) {
            return false;
          }
          rows -= question.rows();
          dead.add(question);
          return true;
        });
  }

  void drainTo(List<Question> all) {
    all.addAll(questions);
    questions.clear();
    rows = 0;
  }
}
