package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.Map;

/** [C,H,W] as [C·H·W]. */
record Flatten() implements Layer {
  @Override
  public String kind() {
    return "flatten";
  }

  @Override
  public Shape output(Shape input, String at) {
    return Shape.of((int) input.size());
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    return graph.flatten(x);
  }

  @Override
  public Object settings() {
    return Map.of();
  }
}
