package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;

/** y = x·weightᵀ + bias of flat samples [features]; weight [units, features], bias [units]. */
record Linear(int units, boolean bias) implements Layer {
  Linear {
    Range.check("linear", "units", units, 1, Range.WIDTH);
  }

  @Override
  public String kind() {
    return "linear";
  }

  @Override
  public Shape output(Shape input, String at) {
    if (input.rank() != 1) {
      throw new IllegalArgumentException(
          "[linear] a sample must be flat (put flatten before): " + input + ", at " + at);
    }
    Range.elements("linear", Shape.of(units, input.dim(0)), at);
    return Shape.of(units);
  }

  @Override
  public List<Variable> variables(Shape input) {
    int features = input.dim(0);
    Variable weight = Variable.uniform("weight", Shape.of(units, features), features);
    return bias
        ? List.of(weight, Variable.uniform("bias", Shape.of(units), features))
        : List.of(weight);
  }

  @Override
  public long multiplyAdds(Shape input) {
    return (long) units * input.dim(0);
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    List<Variable> variables = variables(Layer.sample(x));
    Value y = graph.matmul(x, variables.get(0).in(graph, at), false, true);
    return bias ? graph.bias(y, variables.get(1).in(graph, at)) : y;
  }

  @Override
  public Object settings() {
    return bias ? units : Map.of("units", units, "bias", false);
  }
}
