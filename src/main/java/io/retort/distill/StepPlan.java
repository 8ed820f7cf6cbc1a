package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Jitter;
import io.retort.device.Device;
import io.retort.device.ExecutionSettings;
import io.retort.graph.Feed;
import io.retort.graph.Fetch;
import io.retort.graph.Graph;
import io.retort.graph.Plan;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A phase's step for one batch size, with its inputs at hand: a step makes no objects. Every input
 * is written for every step, so steps may run {@linkplain Plan#runsAhead() ahead}.
 */
final class StepPlan implements AutoCloseable {
  private final Phase phase;
  private final int batch;
  private final Plan plan;
  private final Feed images;
  private final Feed labels;
  private final Feed learningRate;
  private final Feed step;
  private final Feed seed;
  private final Feed[] weights;
  private final List<Knob> knobs = new ArrayList<>();
  private final FloatBuffer[] answers;
  private final Feed[] answerInputs;
  private final int[] classes;
  private final Fetch[] losses;

  private record Knob(Feed input, Schedule schedule) {}

  /**
   * Compiles the step.
   *
   * @param answers logits [size, C] of the models that were answered beforehand, by name
   */
  StepPlan(
      Phase phase,
      Graph graph,
      int batch,
      Device device,
      Variables variables,
      Map<String, FloatBuffer> answers) {
    this.phase = phase;
    this.batch = batch;
    ExecutionSettings settings = new ExecutionSettings(phase.precision(), true);
    plan = Plan.compile(graph, device, variables, settings);
    images = plan.input(StepGraph.IMAGES);
    labels = plan.input(StepGraph.LABELS);
    learningRate = plan.input(StepGraph.LEARNING_RATE);
    step = plan.input(StepGraph.STEP);
    seed = plan.input(Architecture.DROPOUT_SEED);
    List<Term> terms = phase.terms();
    weights = new Feed[terms.size()];
    losses = new Fetch[terms.size()];
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      weights[i] = plan.input(Scene.knobName(term, StepGraph.WEIGHT));
      losses[i] = plan.output(term.label());
      term.knobs()
          .forEach(
              (name, schedule) ->
                  knobs.add(new Knob(plan.input(Scene.knobName(term, name)), schedule)));
    }
    List<String> models = List.copyOf(answers.keySet());
    this.answers = new FloatBuffer[models.size()];
    answerInputs = new Feed[models.size()];
    classes = new int[models.size()];
    for (int i = 0; i < models.size(); i++) {
      this.answers[i] = answers.get(models.get(i));
      answerInputs[i] = plan.input(StepGraph.logitsName(models.get(i)));
      classes[i] = answerInputs[i].shape().dim(1);
    }
  }

  int batch() {
    return batch;
  }

  /** Copies the samples order[from] … order[from + batch − 1] into the inputs. */
  void gather(Dataset data, int[] order, int from, Jitter jitterOrNull) {
    data.images(order, from, batch, images.floats(), jitterOrNull);
    data.labels(order, from, batch, labels.ints());
    for (int i = 0; i < answers.length; i++) {
      int c = classes[i];
      FloatBuffer into = answerInputs[i].floats();
      for (int row = 0; row < batch; row++) {
        into.put(row * c, answers[i], order[from + row] * c, c);
      }
    }
  }

  /**
   * Sets every number that a schedule decides, and tells the terms' weights.
   *
   * @param epoch epochs done, with fraction
   * @param stepLength a step's share of an epoch
   * @param number of the step, from 1
   */
  void schedule(double epoch, double stepLength, long number, double[] weightsInto) {
    int epochs = phase.epochs();
    learningRate.write((float) phase.optimizer().learningRateAt(epoch, epochs, stepLength));
    step.write(number);
    for (int i = 0; i < weights.length; i++) {
      weightsInto[i] = phase.weight(phase.terms().get(i), epoch);
      weights[i].write((float) weightsInto[i]);
    }
    for (int i = 0; i < knobs.size(); i++) {
      knobs.get(i).input().write((float) knobs.get(i).schedule().at(epoch, epochs));
    }
  }

  /** Sets what dropout draws from. */
  void seed(int job, int number) {
    seed.ints().put(0, job).put(1, number);
  }

  /** Starts the step, which the CPU also ends. */
  void start() {
    plan.start();
  }

  /** Waits for the oldest step that was started. */
  void finish() {
    plan.finish();
  }

  /** Whether a step may be started before the one before it is finished. */
  boolean runsAhead() {
    return plan.runsAhead();
  }

  /** A term's loss in the step that was finished last, before its weight. */
  float loss(int term) {
    return losses[term].scalar();
  }

  @Override
  public void close() {
    plan.close();
  }
}
