package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.graph.Window2d;
import io.retort.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Convolution of [C,H,W] with weight [filters, C/groups, kernel, kernel] and bias [filters]. */
record Conv(int filters, Window2d window, int groups, boolean bias) implements Layer {
  Conv {
    Range.check("conv", "filters", filters, 1, Range.WIDTH);
    Range.check("conv", "groups", groups, 1, Range.WIDTH);
    Range.check("conv", window);
    if (filters % groups != 0) {
      throw new IllegalArgumentException(
          "[conv] groups must divide filters: " + filters + " filters in " + groups + " groups");
    }
  }

  @Override
  public String kind() {
    return "conv";
  }

  @Override
  public Shape output(Shape input, String at) {
    Shape output = Pool.slide("conv", input, filters, window, at);
    if (input.dim(0) % groups != 0) {
      throw new IllegalArgumentException(
          "[conv] groups must divide the input's channels: "
              + input.dim(0)
              + " channels in "
              + groups
              + " groups, at "
              + at);
    }
    Range.elements("conv", weight(input), at);
    return output;
  }

  private Shape weight(Shape input) {
    return Shape.of(filters, input.dim(0) / groups, window.kernelH(), window.kernelW());
  }

  @Override
  public List<Variable> variables(Shape input) {
    Shape shape = weight(input);
    long fanIn = shape.size() / filters;
    Variable weight = Variable.uniform("weight", shape, fanIn);
    return bias
        ? List.of(weight, Variable.uniform("bias", Shape.of(filters), fanIn))
        : List.of(weight);
  }

  @Override
  public long multiplyAdds(Shape input) {
    Shape output = Pool.slide("conv", input, filters, window, "");
    return weight(input).size() * output.dim(1) * output.dim(2);
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    List<Variable> variables = variables(Layer.sample(x));
    Value y = graph.conv2d(x, variables.get(0).in(graph, at), window, groups);
    return bias ? graph.bias(y, variables.get(1).in(graph, at)) : y;
  }

  @Override
  public Object settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("filters", filters);
    LayerJson.put(settings, "kernel", window.kernelH(), window.kernelW(), 0);
    LayerJson.put(settings, "stride", window.strideH(), window.strideW(), 1);
    LayerJson.put(settings, "padding", window.padH(), window.padW(), 0);
    if (groups != 1) {
      settings.put("groups", groups);
    }
    if (!bias) {
      settings.put("bias", false);
    }
    return settings;
  }
}
