package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Initializers;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Looks up a row of weight [rows, units] for each element of an INT32 sample: [S] becomes [S,
 * units]. Rows begin as PyTorch's, normal with variance 1.
 */
record Embedding(int rows, int units) implements Layer {
  Embedding {
    Range.check("embedding", "rows", rows, 1, 1 << 24);
    Range.check("embedding", "units", units, 1, Range.WIDTH);
    Range.elements("embedding", Shape.of(rows, units), "weight");
  }

  @Override
  public String kind() {
    return "embedding";
  }

  @Override
  public Shape output(Shape input, String at) {
    if (input.rank() > Shape.MAX_RANK - 2) {
      throw new IllegalArgumentException(
          "[embedding] a sample must have at most "
              + (Shape.MAX_RANK - 2)
              + " dimensions: "
              + input
              + ", at "
              + at);
    }
    int[] dims = Arrays.copyOf(input.dims(), input.rank() + 1);
    dims[input.rank()] = units;
    Shape output = Shape.of(dims);
    Range.elements("embedding", output, at);
    return output;
  }

  @Override
  public List<Variable> variables(Shape input) {
    return List.of(new Variable("weight", Shape.of(rows, units), Initializers.normal(1), true));
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    return graph.embedding(variables(Layer.sample(x)).get(0).in(graph, at), x);
  }

  @Override
  public Object settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("rows", rows);
    settings.put("units", units);
    return settings;
  }
}
