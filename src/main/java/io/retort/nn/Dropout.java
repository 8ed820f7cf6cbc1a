package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Value;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;

/**
 * Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability rate and
 * else x/(1 − rate); gone from a graph for inference. Every dropout of a graph draws from the one
 * input {@value Architecture#DROPOUT_SEED}.
 */
record Dropout(double rate) implements Layer {
  Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("[dropout] rate must be in [0, 1): " + rate);
    }
  }

  @Override
  public String kind() {
    return "dropout";
  }

  @Override
  public Shape output(Shape input, String at) {
    return input;
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    if (graph.mode() == Mode.INFERENCE || rate == 0) {
      return x;
    }
    return graph.dropout(
        x, (float) rate, graph.input(Architecture.DROPOUT_SEED, Shape.of(2), DType.INT32));
  }

  @Override
  public Object settings() {
    return rate;
  }
}
