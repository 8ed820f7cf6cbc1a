package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Initializers;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Layer norm (Ba, Kiros, Hinton 2016) over the last dimension C of a sample: weight and bias [C].
 * The default is PyTorch's.
 */
record LayerNorm(double epsilon) implements Layer {
  static final double EPSILON = 1e-5;

  LayerNorm {
    if (!(epsilon > 0 && epsilon <= 1)) {
      throw new IllegalArgumentException("[layerNorm] epsilon must be in (0, 1]: " + epsilon);
    }
  }

  @Override
  public String kind() {
    return "layerNorm";
  }

  @Override
  public String prefix() {
    return "norm";
  }

  @Override
  public Shape output(Shape input, String at) {
    return input;
  }

  @Override
  public List<Variable> variables(Shape input) {
    Shape row = Shape.of(input.dim(input.rank() - 1));
    return List.of(
        new Variable("weight", row, Initializers.ones(), true),
        new Variable("bias", row, Initializers.zeros(), true));
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    List<Value> kept = variables(Layer.sample(x)).stream().map(v -> v.in(graph, at)).toList();
    int columns = kept.get(0).shape().dim(0);
    Shape rows = Shape.of(Math.toIntExact(x.shape().size() / columns), columns);
    Value y = graph.layerNorm(graph.reshape(x, rows), kept.get(0), kept.get(1), (float) epsilon);
    return graph.reshape(y, x.shape());
  }

  @Override
  public Object settings() {
    return epsilon == EPSILON ? Map.of() : Map.of("epsilon", epsilon);
  }
}
