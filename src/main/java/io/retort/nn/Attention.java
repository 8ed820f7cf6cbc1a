package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Multi-head self-attention (Vaswani et al. 2017) over a sample [S, C]: queries, keys and values
 * are x·inWeightᵀ + inBias, [3C, C] and [3C], in that order, each cut into {@code heads} of C/heads
 * columns, and what the heads see is put through outWeight [C, C] and outBias [C]. Scores are
 * divided by √(C/heads). {@code causal}: no place sees a later one.
 */
record Attention(int heads, boolean causal) implements Layer {
  Attention {
    Range.check("attention", "heads", heads, 1, Range.WIDTH);
  }

  @Override
  public String kind() {
    return "attention";
  }

  @Override
  public Shape output(Shape input, String at) {
    if (input.rank() != 2) {
      throw new IllegalArgumentException(
          "[attention] a sample must be [S, C]: " + input + ", at " + at);
    }
    if (input.dim(1) % heads != 0) {
      throw new IllegalArgumentException(
          "[attention] heads must divide C: " + heads + " heads of " + input + ", at " + at);
    }
    Range.elements("attention", Shape.of(3, input.dim(1), input.dim(1)), at);
    Range.elements("attention", Shape.of(3, input.dim(0), input.dim(1)), at);
    return input;
  }

  @Override
  public List<Variable> variables(Shape input) {
    int width = input.dim(1);
    return List.of(
        Variable.uniform("inWeight", Shape.of(3 * width, width), width),
        Variable.uniform("inBias", Shape.of(3 * width), width),
        Variable.uniform("outWeight", Shape.of(width, width), width),
        Variable.uniform("outBias", Shape.of(width), width));
  }

  @Override
  public long multiplyAdds(Shape input) {
    long places = input.dim(0);
    long width = input.dim(1);
    return places * width * (4 * width + 2 * places);
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    List<Value> kept = variables(Layer.sample(x)).stream().map(v -> v.in(graph, at)).toList();
    int batch = x.shape().dim(0);
    int places = x.shape().dim(1);
    int width = x.shape().dim(2);
    int depth = width / heads;
    Value rows = graph.reshape(x, Shape.of(Math.multiplyExact(batch, places), width));
    Value projected = graph.bias(graph.matmul(rows, kept.get(0), false, true), kept.get(1));
    Value parts = graph.reshape(projected, Shape.of(batch, places, 3, heads, depth));
    Value byHead = graph.permute(parts, 2, 0, 3, 1, 4);
    Shape one = Shape.of(batch, heads, places, depth);
    float scale = (float) (1 / Math.sqrt(depth));
    Value seen =
        graph.attention(
            graph.reshape(graph.slice(byHead, 0, 0, 1), one),
            graph.reshape(graph.slice(byHead, 0, 1, 1), one),
            graph.reshape(graph.slice(byHead, 0, 2, 1), one),
            null,
            scale,
            causal);
    Value joined = graph.reshape(graph.permute(seen, 0, 2, 1, 3), rows.shape());
    Value y = graph.bias(graph.matmul(joined, kept.get(2), false, true), kept.get(3));
    return graph.reshape(y, x.shape());
  }

  @Override
  public Object settings() {
    return causal ? Map.of("heads", heads, "causal", true) : heads;
  }
}
