package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * One step of an architecture: knows the shape it makes, the variables it needs, what it costs and
 * how it is built. Shapes are those of one sample, without the batch. {@code at} is the layer's
 * path, for messages.
 */
sealed interface Layer
    permits Activation,
        Attention,
        BatchNorm,
        Conv,
        Dropout,
        Embedding,
        Flatten,
        LayerNorm,
        Linear,
        Pool,
        Residual {
  /** The word that stands for this kind of layer in JSON. */
  String kind();

  /** The layer's default name without its number. */
  default String prefix() {
    return kind();
  }

  /**
   * The shape of the output.
   *
   * @throws IllegalArgumentException if the layer cannot take the input
   */
  Shape output(Shape input, String at);

  /** What the layer remembers, in a fixed order. */
  default List<Variable> variables(Shape input) {
    return List.of();
  }

  /**
   * Multiplications with their additions for one sample; what is not a product counts as nothing.
   */
  default long multiplyAdds(Shape input) {
    return 0;
  }

  /** Adds the layer to a graph; x is [N, input…], the result [N, output…]. */
  Value build(Graph graph, String at, Value x);

  /**
   * The value that stands beside {@link #kind()} in JSON; an empty map where everything is as by
   * default.
   */
  Object settings();

  /** The shape of one sample of x. */
  static Shape sample(Value x) {
    int[] dims = x.shape().dims();
    return Shape.of(Arrays.copyOfRange(dims, 1, dims.length));
  }
}
