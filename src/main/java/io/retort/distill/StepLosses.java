package io.retort.distill;

/**
 * Reads the losses of the steps of a phase into its state. Where steps run ahead, a step's losses
 * are read when the next one is started, so that reading does not hold the device up.
 */
final class StepLosses {
  /** A step that was started. Two of them take turns: a step makes no objects. */
  private static final class Step {
    private final double[] weights;
    private StepPlan plan;
    private int epoch;
    private long number;

    Step(int terms) {
      weights = new double[terms];
    }
  }

  private final Phase phase;
  private final TrainingState state;
  private Step next;
  private Step waiting;

  StepLosses(Phase phase, TrainingState state) {
    this.phase = phase;
    this.state = state;
    next = new Step(phase.terms().size());
    waiting = new Step(phase.terms().size());
  }

  /** Where the terms' weights in the next step are to be put. */
  double[] weights() {
    return next.weights;
  }

  /** Starts the state's next step by the plan, whose inputs are written. */
  void start(StepPlan plan) {
    plan.start();
    next.plan = plan;
    next.epoch = state.epoch + 1;
    next.number = state.step + 1;
    readAll();
    Step free = waiting;
    waiting = next;
    next = free;
    if (!plan.runsAhead()) {
      readAll();
    }
  }

  /** Waits for every step that was started, and reads its losses. */
  void readAll() {
    StepPlan plan = waiting.plan;
    if (plan == null) {
      return;
    }
    waiting.plan = null;
    plan.finish();
    for (int i = 0; i < waiting.weights.length; i++) {
      state.addLoss(i, finite(plan.loss(i), i), waiting.weights[i], plan.batch());
    }
  }

  private float finite(float loss, int term) {
    if (!Float.isFinite(loss)) {
      throw new IllegalStateException(
          "["
              + phase.name()
              + "] the loss "
              + phase.terms().get(term).label()
              + " must be finite: "
              + loss
              + " in epoch "
              + waiting.epoch
              + ", step "
              + waiting.number);
    }
    return loss;
  }
}
