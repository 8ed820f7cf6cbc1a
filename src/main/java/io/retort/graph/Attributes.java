package io.retort.graph;

import io.retort.device.Native.Activation;
import io.retort.device.Native.BinaryOp;
import io.retort.device.Native.ReduceOp;
import io.retort.device.Native.UnaryOp;
import io.retort.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** What a node knows besides its inputs. Equal attributes and inputs make nodes equal. */
public sealed interface Attributes permits AdamSettings, SgdSettings, Attributes.Inner {
  /** The attributes that belong to one op each. */
  sealed interface Inner extends Attributes {}

  record None() implements Inner {}

  record Input(String name) implements Inner {}

  record Variable(String path, Initializer initializer) implements Inner {}

  record Product(boolean transposeA, boolean transposeB, Activation activation) implements Inner {}

  record Convolution(Window2d window, int groups, Activation activation) implements Inner {}

  /** {@code indexed}: whether anyone reads where the maxima stood. */
  record PooledConvolution(
      Window2d window, int groups, Activation activation, Window2d pool, boolean indexed)
      implements Inner {}

  /** {@code result} is the shape of the gradient, which dy and the window do not tell. */
  record ConvolutionBackward(Window2d window, int groups, Shape result) implements Inner {}

  record Pool(Window2d window) implements Inner {}

  record PoolBackward(Window2d window, Shape result) implements Inner {}

  record Unary(UnaryOp op) implements Inner {}

  /** {@code result} may be wider than both inputs: then both are broadcast. */
  record Binary(BinaryOp op, Shape result) implements Inner {}

  record Reduce(ReduceOp op, Shape result) implements Inner {}

  record Reshape(Shape result) implements Inner {}

  record Permutation(List<Integer> order) implements Inner {}

  record Slice(int axis, int start, int length) implements Inner {}

  record Pad(int axis, int start, Shape result) implements Inner {}

  record Concat(int axis) implements Inner {}

  record Dropout(float rate, int stream) implements Inner {}

  record BatchNorm(float momentum, float epsilon) implements Inner {}

  record LayerNorm(float epsilon) implements Inner {}

  /** {@code result} is the shape of the table, which dy and the indices do not tell. */
  record EmbeddingBackward(Shape result) implements Inner {}

  record Attention(float scale, boolean causal) implements Inner {}

  /** All elements, or one that stands for all. */
  record Constant(Shape shape, float[] values) implements Inner {
    @Override
    public boolean equals(Object other) {
      return other instanceof Constant that
          && shape.equals(that.shape)
          && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
      return 31 * shape.hashCode() + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return values.length == 1 ? "Constant[" + values[0] + "]" : "Constant[…]";
    }
  }
}
