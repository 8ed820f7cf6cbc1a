package io.retort.inference;

import io.retort.graph.Plan;
import java.util.List;

/**
 * A version's plans for batches of 1, 2, 4 … rows, over weights that other sets of the version
 * share. One thread at a time.
 */
final class PlanSet implements AutoCloseable {
  static final String FEATURES = "features";
  static final String PREDICTION = "prediction";

  /** Hears of each forward pass. */
  interface Listener {
    void passed(int rows, long nanos);
  }

  private final WarmModel model;
  private final List<Plan> plans;

  PlanSet(WarmModel model, List<Plan> plans) {
    this.model = model;
    this.plans = plans;
  }

  /** Fills in every question's predictions. */
  void run(List<Question> questions, Listener listener) {
    int rows = 0;
    for (Question question : questions) {
      rows += question.rows();
    }
    int features = model.features();
    int classes = model.classes();
    Cursor reader = new Cursor(questions);
    Cursor writer = new Cursor(questions);
    while (rows > 0) {
      int choice = model.choice(rows);
      int count = Math.min(rows, model.rows(choice));
      Plan plan = plans.get(choice);
      long began = System.nanoTime();
      var input = plan.input(FEATURES);
      reader.advance(
          count,
          (question, row, n, at) ->
              input.write(question.features(), row * features, n * features, at * features));
      plan.run();
      var output = plan.output(PREDICTION).floats();
      writer.advance(
          count,
          (question, row, n, at) ->
              output.get(at * classes, question.predictions(), row * classes, n * classes));
      listener.passed(count, System.nanoTime() - began);
      rows -= count;
    }
  }

  /** A place in the rows of several questions one after the other. */
  private static final class Cursor {
    private final List<Question> questions;
    private int index;
    private int row;

    Cursor(List<Question> questions) {
      this.questions = questions;
    }

    /** Visits the next {@code count} rows, those of one question together. */
    void advance(int count, Segment visitor) {
      for (int at = 0; at < count; ) {
        Question question = questions.get(index);
        int n = Math.min(count - at, question.rows() - row);
        visitor.visit(question, row, n, at);
        at += n;
        row += n;
        if (row == question.rows()) {
          index++;
          row = 0;
        }
      }
    }
  }

  /** Rows [row, row + count) of a question, standing at row {@code at} of the batch. */
  private interface Segment {
    void visit(Question question, int row, int count, int at);
  }

  /** Frees the plans' memory, and the weights with the version's last set; no run may be on. */
  @Override
  public void close() {
    plans.forEach(Plan::close);
    model.release();
  }
}
