package io.retort.distill;

import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** How well the models that train in a phase do on the test set. */
final class Evaluation implements AutoCloseable {
  private final Workbench bench;
  private final Phase phase;
  private final Map<String, Architecture> architectures;
  private final Function<String, Weights> given;
  private final Answers answers;
  private final Variables variables;
  private final Map<String, Forward> forwards = new LinkedHashMap<>();

  Evaluation(
      Workbench bench,
      Phase phase,
      Map<String, Architecture> architectures,
      Function<String, Weights> given,
      Answers answers,
      Variables variables) {
    this.bench = bench;
    this.phase = phase;
    this.architectures = architectures;
    this.given = given;
    this.answers = answers;
    this.variables = variables;
    for (String model : phase.train()) {
      Architecture architecture = architectures.get(model);
      long seed = bench.options().seed();
      forwards.put(
          model, new Forward(bench.device(), variables, model, architecture, bench.test(), seed));
    }
  }

  /** Ends an epoch: notes each model's accuracy and keeps its weights where it is the best yet. */
  void note(TrainingState state) {
    boolean better = false;
    double least = phase.earlyStopping() == null ? 0 : phase.earlyStopping().minimumImprovement();
    for (String model : phase.train()) {
      double accuracy = Scores.accuracy(forwards.get(model).logits(bench.test()), bench.test());
      state.accuracy.put(model, accuracy);
      Best best = state.best.get(model);
      better |= accuracy > best.accuracy() + least;
      if (accuracy > best.accuracy()) {
        state.best.put(model, new Best(accuracy, state.epoch + 1, Weights.copy(variables, model)));
      }
    }
    state.epochsWithoutImprovement = better ? 0 : state.epochsWithoutImprovement + 1;
  }

  /**
   * Sets the weights that are kept and measures them; none where the job was cancelled meanwhile.
   */
  Optional<Map<String, Trained>> end(TrainingState state) {
    Map<String, Trained> trained = new LinkedHashMap<>();
    for (String model : phase.train()) {
      Map<String, Double> metrics = metrics(model, state);
      if (phase.keep() == Phase.Keep.BEST) {
        new Weights("", state.best.get(model).weights()).into(variables, model);
      }
      String teacher = teacherOf(model);
      if (teacher != null) {
        Optional<FloatBuffer> its = answers.of(teacher, bench.test(), "evaluate");
        if (its.isEmpty()) {
          return Optional.empty();
        }
        FloatBuffer own = forwards.get(model).logits(bench.test());
        int classes = architectures.get(model).classes();
        metrics.put("klToTeacher", Scores.divergence(its.get(), own, classes));
      }
      String hash = teacher == null ? null : given.apply(teacher).hash();
      trained.put(model, new Trained(Weights.copy(variables, model), metrics, hash));
    }
    return Optional.of(trained);
  }

  private Map<String, Double> metrics(String model, TrainingState state) {
    Best best = state.best.get(model);
    double last = state.accuracy.get(model);
    Architecture architecture = architectures.get(model);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("accuracy", phase.keep() == Phase.Keep.BEST ? best.accuracy() : last);
    metrics.put("lastAccuracy", last);
    metrics.put("bestAccuracy", best.accuracy());
    metrics.put("bestEpoch", (double) best.epoch());
    metrics.put("epochs", (double) state.epoch);
    metrics.put("parameters", (double) architecture.parameters());
    metrics.put("multiplyAdds", (double) architecture.multiplyAdds());
    return metrics;
  }

  /** The first frozen model that a term sets over the given one; null where there is none. */
  private String teacherOf(String model) {
    return phase.terms().stream()
        .filter(term -> term.models().get(0).equals(model))
        .flatMap(term -> term.models().stream().skip(1))
        .filter(phase.frozen()::contains)
        .findFirst()
        .orElse(null);
  }

  @Override
  public void close() {
    forwards.values().forEach(Forward::close);
  }
}
