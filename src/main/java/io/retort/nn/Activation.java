package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/** A function of each element by itself. */
record Activation(Function function) implements Layer {
  enum Function {
    RELU(Graph::relu),
    GELU(Graph::gelu);

    private final BiFunction<Graph, Value, Value> build;

    Function(BiFunction<Graph, Value, Value> build) {
      this.build = build;
    }
  }

  @Override
  public String kind() {
    return function.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Shape output(Shape input, String at) {
    return input;
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    return function.build.apply(graph, x);
  }

  @Override
  public Object settings() {
    return Map.of();
  }
}
