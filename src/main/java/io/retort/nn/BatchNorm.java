package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Initializers;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Batch norm (Ioffe, Szegedy 2015) over the channels of [C,H,W] or [C]: weight, bias, runningMean
 * and runningVariance, all [C]. The defaults are PyTorch's.
 */
record BatchNorm(double momentum, double epsilon) implements Layer {
  static final double MOMENTUM = 0.1;
  static final double EPSILON = 1e-5;

  BatchNorm {
    if (!(momentum > 0 && momentum <= 1)) {
      throw new IllegalArgumentException("[batchNorm] momentum must be in (0, 1]: " + momentum);
    }
    if (!(epsilon > 0 && epsilon <= 1)) {
      throw new IllegalArgumentException("[batchNorm] epsilon must be in (0, 1]: " + epsilon);
    }
  }

  @Override
  public String kind() {
    return "batchNorm";
  }

  @Override
  public String prefix() {
    return "norm";
  }

  @Override
  public Shape output(Shape input, String at) {
    if (input.rank() != 1 && input.rank() != 3) {
      throw new IllegalArgumentException(
          "[batchNorm] a sample must be [C] or [C, H, W]: " + input + ", at " + at);
    }
    return input;
  }

  @Override
  public List<Variable> variables(Shape input) {
    Shape channels = Shape.of(input.dim(0));
    return List.of(
        new Variable("weight", channels, Initializers.ones(), true),
        new Variable("bias", channels, Initializers.zeros(), true),
        new Variable("runningMean", channels, Initializers.zeros(), false),
        new Variable("runningVariance", channels, Initializers.ones(), false));
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    List<Value> kept = variables(Layer.sample(x)).stream().map(v -> v.in(graph, at)).toList();
    return graph.batchNorm(
        x, kept.get(0), kept.get(1), kept.get(2), kept.get(3), (float) momentum, (float) epsilon);
  }

  @Override
  public Object settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    if (momentum != MOMENTUM) {
      settings.put("momentum", momentum);
    }
    if (epsilon != EPSILON) {
      settings.put("epsilon", epsilon);
    }
    return settings;
  }
}
