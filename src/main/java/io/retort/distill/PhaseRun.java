package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Jitter;
import io.retort.data.Shuffle;
import io.retort.graph.Graph;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Carries out one phase. All chance comes from the seed and from the numbers of {@link
 * TrainingState}, so a run that goes on from a checkpoint ends with the same weights as one that
 * was never stopped.
 */
final class PhaseRun implements AutoCloseable {
  private final Workbench bench;
  private final Phase phase;
  private final int index;
  private final Map<String, Architecture> architectures;
  private final Function<String, Weights> given;
  private final Answers answers;
  private final TrainingState state;
  private final Variables variables;
  private final List<StepPlan> plans = new ArrayList<>();
  private final CheckpointWriter writer;
  private final Reporter reporter;
  private final StepLosses losses;
  private Evaluation evaluation;
  private long lastCheckpoint = System.nanoTime();

  /**
   * Prepares a phase.
   *
   * @param architectures of all models of the recipe
   * @param given weights that a model has before the phase; null for a model that begins at random
   */
  PhaseRun(
      Workbench bench,
      Phase phase,
      int index,
      Map<String, Architecture> architectures,
      Function<String, Weights> given) {
    this.bench = bench;
    this.phase = phase;
    this.index = index;
    this.architectures = architectures;
    this.given = given;
    answers = new Answers(bench, architectures, given);
    state = new TrainingState(phase);
    variables = new Variables(bench.device());
    writer = new CheckpointWriter(bench.job().checkpoint());
    losses = new StepLosses(phase, state);
    long steps =
        (long) phase.epochs() * ((bench.train().size() + phase.batch() - 1) / phase.batch());
    reporter =
        new Reporter(bench.job().id(), phase.name(), phase.epochs(), steps, bench.listener());
  }

  /**
   * Trains to the end; none where the job was cancelled, and then there is a checkpoint to go on
   * from.
   */
  Optional<Map<String, Trained>> run() {
    Map<String, FloatBuffer> logits = new LinkedHashMap<>();
    for (String model : phase.answeredOnce()) {
      Optional<FloatBuffer> answer = answers.of(model, bench.train(), "soft-labels");
      if (answer.isEmpty()) {
        return Optional.empty();
      }
      logits.put(model, answer.get());
    }
    prepare(logits);
    restore();
    while (state.epoch < phase.epochs() && !stopsEarly()) {
      if (!epoch()) {
        checkpoint();
        writer.await();
        return Optional.empty();
      }
      evaluation.note(state);
      Map<String, Double> losses = state.losses();
      state.nextEpoch();
      report(losses, state.epoch);
      checkpoint();
    }
    Optional<Map<String, Trained>> trained = evaluation.end(state);
    writer.await();
    return trained;
  }

  private void prepare(Map<String, FloatBuffer> logits) {
    int size = bench.train().size();
    int rest = size % phase.batch();
    List<Integer> batches = new ArrayList<>();
    if (size >= phase.batch()) {
      batches.add(phase.batch());
    }
    if (rest > 0) {
      batches.add(rest);
    }
    List<Graph> graphs = new ArrayList<>();
    for (int batch : batches) {
      Graph graph = StepGraph.build(phase, architectures, bench.train().sample(), batch);
      variables.declare(graph, bench.options().seed());
      graphs.add(graph);
    }
    for (String model : phase.models()) {
      Weights its = phase.answeredOnce().contains(model) ? null : given.apply(model);
      if (its != null) {
        its.into(variables, model);
      }
    }
    for (int i = 0; i < graphs.size(); i++) {
      plans.add(
          new StepPlan(phase, graphs.get(i), batches.get(i), bench.device(), variables, logits));
    }
    evaluation = new Evaluation(bench, phase, architectures, given, answers, variables);
  }

  /** The rest of an epoch; false when it was cancelled. */
  private boolean epoch() {
    Dataset data = bench.train();
    int[] order = Shuffle.order(data.size(), bench.seed(index), state.epoch);
    Jitter jitter =
        phase.jitter() == 0 ? null : new Jitter(phase.jitter(), bench.seed(index), state.epoch);
    long before = System.nanoTime();
    while (state.position < data.size()) {
      if (bench.cancelled().getAsBoolean()) {
        return false;
      }
      StepPlan plan =
          data.size() - state.position >= plans.get(0).batch() ? plans.get(0) : plans.get(1);
      step(plan, order, jitter);
      long now = System.nanoTime();
      reporter.worked(now - before, plan.batch());
      if (reporter.due(now)) {
        losses.readAll();
        report(state.losses(), state.epoch + 1);
      }
      if (now - lastCheckpoint >= bench.options().checkpointEvery().toNanos() && writer.idle()) {
        checkpoint();
      }
      before = System.nanoTime();
    }
    losses.readAll();
    return true;
  }

  private void step(StepPlan plan, int[] order, Jitter jitter) {
    double size = bench.train().size();
    plan.gather(bench.train(), order, state.position, jitter);
    plan.schedule(
        state.epoch + state.position / size, plan.batch() / size, state.step + 1, losses.weights());
    plan.seed((int) bench.seed(index), (int) state.step);
    losses.start(plan);
    state.addSamples(plan.batch());
  }

  private boolean stopsEarly() {
    return phase.earlyStopping() != null
        && state.epochsWithoutImprovement >= phase.earlyStopping().patience();
  }

  private void report(Map<String, Double> losses, int epoch) {
    long done = (long) state.epoch * bench.train().size() + state.position;
    long left = (long) phase.epochs() * bench.train().size() - done;
    reporter.report(epoch, state.step, losses, state.accuracy.get(phase.train().get(0)), left);
  }

  private void checkpoint() {
    losses.readAll();
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (String path : variables.paths()) {
      if (!phase.frozen().contains(Scene.modelOf(path))) {
        tensors.put(Checkpoint.NOW + path, variables.get(path));
      }
    }
    tensors.putAll(state.tensors());
    Map<String, String> numbers = state.numbers();
    numbers.put(Checkpoint.PHASE, Integer.toString(index));
    numbers.put("teachers", teachers().toString());
    writer.write(new Checkpoint(tensors, numbers));
    lastCheckpoint = System.nanoTime();
  }

  private Map<String, String> teachers() {
    Map<String, String> hashes = new LinkedHashMap<>();
    phase.frozen().forEach(model -> hashes.put(model, given.apply(model).hash()));
    return hashes;
  }

  private void restore() {
    if (!bench.job().hasCheckpoint()) {
      return;
    }
    Checkpoint checkpoint = Checkpoint.read(bench.job().checkpoint());
    if (!checkpoint.text("teachers").equals(teachers().toString())) {
      throw new IllegalArgumentException(
          "[resume] job "
              + bench.job().id()
              + " must go on with the teacher it began with, "
              + checkpoint.text("teachers")
              + ": "
              + teachers());
    }
    checkpoint.under(Checkpoint.NOW).forEach(variables::set);
    state.restore(checkpoint);
  }

  @Override
  public void close() {
    writer.close();
    plans.forEach(StepPlan::close);
    if (evaluation != null) {
      evaluation.close();
    }
    variables.close();
  }
}
