package io.retort.distill;

import io.retort.graph.Gradients;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Value;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One step of a phase as one graph: every model, every term, the gradients and the updates. Inputs:
 * {@code images}, {@code labels}, {@code <model>/logits} of a model answered beforehand, {@code
 * learningRate}, {@code step}, {@code <term>/weight} and {@code <term>/<knob>}. Outputs: each term
 * by its label, before its weight.
 */
final class StepGraph {
  static final String ADAPTERS = "adapter/";
  static final String IMAGES = "images";
  static final String LABELS = "labels";
  static final String LEARNING_RATE = "learningRate";
  static final String STEP = "step";
  static final String WEIGHT = "weight";

  private StepGraph() {}

  static String logitsName(String model) {
    return model + "/logits";
  }

  /**
   * The graph for one batch size.
   *
   * @param models the architectures of the phase's models
   * @param sample the shape of one sample
   */
  static Graph build(Phase phase, Map<String, Architecture> models, Shape sample, int batch) {
    Graph graph = new Graph(Mode.TRAINING);
    Value images = graph.input(IMAGES, sample.batched(batch), DType.FLOAT32);
    Value labels = graph.input(LABELS, Shape.of(batch), DType.INT32);
    graph.input(Architecture.DROPOUT_SEED, Shape.of(2), DType.INT32);
    Map<String, Value> logits = logits(graph, phase, models, images);
    Value total = null;
    for (Term term : phase.terms()) {
      Value loss = term.loss(new Scene(graph, batch, term, logits, phase.frozen(), labels));
      graph.output(term.label(), loss);
      Value weighted = graph.multiply(loss, graph.scalar(Scene.knobName(term, WEIGHT)));
      total = total == null ? weighted : graph.add(total, weighted);
    }
    updates(graph, phase, total);
    return graph;
  }

  private static Map<String, Value> logits(
      Graph graph, Phase phase, Map<String, Architecture> models, Value images) {
    Set<String> frozen = phase.frozen();
    Set<String> answered = phase.answeredOnce();
    Map<String, Value> logits = new LinkedHashMap<>();
    for (String model : phase.models()) {
      Architecture architecture = models.get(model);
      if (answered.contains(model)) {
        Shape shape = Shape.of(images.shape().dim(0), architecture.classes());
        logits.put(model, graph.input(logitsName(model), shape, DType.FLOAT32));
      } else if (frozen.contains(model)) {
        graph.mode(Mode.INFERENCE);
        logits.put(model, graph.stopGradient(build(graph, architecture, model, images)));
        graph.mode(Mode.TRAINING);
      } else {
        logits.put(model, build(graph, architecture, model, images));
      }
    }
    return logits;
  }

  /** A model over images that may have another shape of the same size: rows for an MLP. */
  static Value build(Graph graph, Architecture architecture, String scope, Value images) {
    int batch = images.shape().dim(0);
    return architecture.build(
        graph, scope, graph.reshape(images, architecture.input().batched(batch)));
  }

  private static void updates(Graph graph, Phase phase, Value total) {
    List<Value> parameters = new ArrayList<>(graph.parameters(ADAPTERS));
    for (String model : phase.train()) {
      parameters.addAll(graph.parameters(model + "/"));
    }
    parameters.retainAll(sources(total));
    Map<Value, Value> gradients = Gradients.of(graph, total, parameters);
    Value scale =
        phase.clipNorm() > 0
            ? graph.clipScale(
                gradients.values(), graph.constant(Shape.of(1), (float) phase.clipNorm()))
            : null;
    Value rate = graph.scalar(LEARNING_RATE);
    Value step = graph.scalar(STEP);
    gradients.forEach(
        (parameter, gradient) ->
            phase.optimizer().update(graph, parameter, gradient, rate, step, scale));
  }

  /** Everything that the loss is worked out from: a hint leaves the layers above it as they are. */
  private static Set<Value> sources(Value total) {
    Set<Value> seen = new HashSet<>();
    Deque<Value> open = new ArrayDeque<>(List.of(total));
    while (!open.isEmpty()) {
      for (Value input : open.pop().node().inputs()) {
        if (seen.add(input)) {
          open.push(input);
        }
      }
    }
    return seen;
  }
}
