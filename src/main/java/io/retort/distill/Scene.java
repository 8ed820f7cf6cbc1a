package io.retort.distill;

import io.retort.graph.Graph;
import io.retort.graph.Initializers;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.Map;
import java.util.Set;

/** What one term sees of a phase's graph while it writes its loss. */
public final class Scene {
  private final Graph graph;
  private final int batch;
  private final Term term;
  private final Map<String, Value> logits;
  private final Set<String> frozen;
  private final Value labels;

  Scene(
      Graph graph,
      int batch,
      Term term,
      Map<String, Value> logits,
      Set<String> frozen,
      Value labels) {
    this.graph = graph;
    this.batch = batch;
    this.term = term;
    this.logits = logits;
    this.frozen = frozen;
    this.labels = labels;
  }

  /** The model that a feature's path belongs to. */
  static String modelOf(String path) {
    int slash = path.indexOf('/');
    return slash < 0 ? path : path.substring(0, slash);
  }

  public Graph graph() {
    return graph;
  }

  /** The number of samples of a step. */
  public int batch() {
    return batch;
  }

  /** A model's logits [B, C]; constants where it does not train. */
  public Value logits(String model) {
    return logits.get(model);
  }

  /**
   * The output of a layer by its path, [B, …]; a model's name alone gives its logits. Constant
   * where it does not train.
   */
  public Value feature(String path) {
    if (path.indexOf('/') < 0) {
      return logits(path);
    }
    Value value = graph.at(path);
    return frozen.contains(modelOf(path)) ? graph.stopGradient(value) : value;
  }

  /** The classes of the samples, [B] int32. */
  public Value labels() {
    return labels;
  }

  /** The value, held constant by the gradient. */
  public Value constant(Value value) {
    return graph.stopGradient(value);
  }

  /** A number of the term that its schedule feeds before each step, [1]. */
  public Value knob(String name) {
    return graph.scalar(knobName(term, name));
  }

  static String knobName(Term term, String knob) {
    return term.label() + "/" + knob;
  }

  public Value zero() {
    return graph.constant(Shape.of(1), 0);
  }

  /** A parameter of the term itself: it trains in this phase and belongs to no model. */
  public Value adapter(String name, Shape shape, int fanIn) {
    return graph.parameter(
        StepGraph.ADAPTERS + term.label() + "/" + name,
        shape,
        Initializers.uniform((float) (1 / Math.sqrt(fanIn))));
  }
}
