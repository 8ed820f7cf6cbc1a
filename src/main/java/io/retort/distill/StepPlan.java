package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Jitter;
import io.retort.device.Device;
import io.retort.graph.Fetch;
import io.retort.graph.Graph;
import io.retort.graph.Plan;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A phase's step for one batch size, with its inputs at hand: a step makes no objects. */
final class StepPlan implements AutoCloseable {
  private final Phase phase;
  private final int batch;
  private final Plan plan;
  private final FloatBuffer images;
  private final IntBuffer labels;
  private final FloatBuffer learningRate;
  private final FloatBuffer step;
  private final IntBuffer seed;
  private final FloatBuffer[] weights;
  private final List<Knob> knobs = new ArrayList<>();
  private final FloatBuffer[] answers;
  private final FloatBuffer[] answerInputs;
  private final int[] classes;
  private final Fetch[] losses;

  private record Knob(FloatBuffer input, Schedule schedule) {}

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
    plan = Plan.compile(graph, device, variables);
    images = plan.input(StepGraph.IMAGES).floats();
    labels = plan.input(StepGraph.LABELS).ints();
    learningRate = plan.input(StepGraph.LEARNING_RATE).floats();
    step = plan.input(StepGraph.STEP).floats();
    seed = plan.input(Architecture.DROPOUT_SEED).ints();
    List<Term> terms = phase.terms();
    weights = new FloatBuffer[terms.size()];
    losses = new Fetch[terms.size()];
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      weights[i] = plan.input(Scene.knobName(term, StepGraph.WEIGHT)).floats();
      losses[i] = plan.output(term.label());
      term.knobs()
          .forEach(
              (name, schedule) ->
                  knobs.add(new Knob(plan.input(Scene.knobName(term, name)).floats(), schedule)));
    }
    List<String> models = List.copyOf(answers.keySet());
    this.answers = new FloatBuffer[models.size()];
    answerInputs = new FloatBuffer[models.size()];
    classes = new int[models.size()];
    for (int i = 0; i < models.size(); i++) {
      this.answers[i] = answers.get(models.get(i));
      answerInputs[i] = plan.input(StepGraph.logitsName(models.get(i))).floats();
      classes[i] = answerInputs[i].capacity() / batch;
    }
  }

  int batch() {
    return batch;
  }

  /** Copies the samples order[from] … order[from + batch − 1] into the inputs. */
  void gather(Dataset data, int[] order, int from, Jitter jitterOrNull) {
    data.images(order, from, batch, images, jitterOrNull);
    data.labels(order, from, batch, labels);
    for (int i = 0; i < answers.length; i++) {
      int c = classes[i];
      for (int row = 0; row < batch; row++) {
        answerInputs[i].put(row * c, answers[i], order[from + row] * c, c);
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
    learningRate.put(0, (float) phase.optimizer().learningRateAt(epoch, epochs, stepLength));
    step.put(0, number);
    for (int i = 0; i < weights.length; i++) {
      weightsInto[i] = phase.weight(phase.terms().get(i), epoch);
      weights[i].put(0, (float) weightsInto[i]);
    }
    for (int i = 0; i < knobs.size(); i++) {
      knobs.get(i).input().put(0, (float) knobs.get(i).schedule().at(epoch, epochs));
    }
  }

  /** Sets what dropout draws from. */
  void seed(int job, int number) {
    seed.put(0, job);
    seed.put(1, number);
  }

  void run() {
    plan.run();
  }

  /** A term's loss in the last run, before its weight. */
  float loss(int term) {
    return losses[term].scalar();
  }

  @Override
  public void close() {
    plan.close();
  }
}
