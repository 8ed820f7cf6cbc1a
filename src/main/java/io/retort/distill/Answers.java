package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The logits of frozen models for whole data sets, from their files or worked out into them. */
final class Answers {
  private final Workbench bench;
  private final Map<String, Architecture> architectures;
  private final Function<String, Weights> weights;

  Answers(
      Workbench bench, Map<String, Architecture> architectures, Function<String, Weights> weights) {
    this.bench = bench;
    this.architectures = architectures;
    this.weights = weights;
  }

  /**
   * A model's logits [size, C]; none where the job was cancelled meanwhile.
   *
   * @param phase what progress reports call it
   */
  Optional<FloatBuffer> of(String model, Dataset data, String phase) {
    Weights its = weights.apply(model);
    Architecture architecture = architectures.get(model);
    SoftLabels labels =
        new SoftLabels(bench.options().softLabels(), data, its.hash(), architecture.classes());
    Optional<FloatBuffer> found = labels.find();
    return found.isPresent()
        ? found
        : labels.create(into -> compute(phase, model, architecture, its, data, into));
  }

  private boolean compute(
      String phase,
      String model,
      Architecture architecture,
      Weights its,
      Dataset data,
      FloatBuffer into) {
    Reporter reporter = new Reporter(bench.job().id(), phase, 0, data.size(), bench.listener());
    try (Variables variables = new Variables(bench.device());
        Forward forward = new Forward(bench.device(), variables, model, architecture, data, 0)) {
      its.into(variables, model);
      reporter.report(0, 0, Map.of(), Double.NaN, data.size());
      long start = System.nanoTime();
      boolean whole =
          forward.logits(
              data,
              into,
              done -> {
                long now = System.nanoTime();
                if (reporter.due(now)) {
                  reporter.rate(now - start, done);
                  reporter.report(0, done, Map.of(), Double.NaN, data.size() - done);
                }
                return !bench.cancelled().getAsBoolean();
              });
      reporter.rate(System.nanoTime() - start, data.size());
      reporter.report(0, data.size(), Map.of(), Double.NaN, 0);
      return whole;
    }
  }
}
