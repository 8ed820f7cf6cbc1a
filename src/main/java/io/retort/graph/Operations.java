package io.retort.graph;

import io.retort.device.Native.Activation;
import io.retort.device.Native.BinaryOp;
import io.retort.device.Native.ReduceOp;
import io.retort.device.Native.UnaryOp;
import io.retort.tensor.Shape;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** The ops that a model is written in. Each adds a node (or finds the equal one) and judges it. */
abstract class Operations {
  /** The node's first output; the node is judged by {@link Legality}. */
  abstract Value node(Op op, Attributes attributes, Value... inputs);

  /** All elements, or one that stands for all. */
  public abstract Value constant(Shape shape, float... values);

  /** y[M,N] = op(a)·op(b); a is [M,K], transposed [K,M], b is [K,N], transposed [N,K]. */
  public Value matmul(Value a, Value b, boolean transposeA, boolean transposeB) {
    return node(Op.MATMUL, new Attributes.Product(transposeA, transposeB, Activation.none), a, b);
  }

  /** Cross-correlation of x [N,C,H,W] with w [O,C/groups,kernel,kernel]. */
  public Value conv2d(Value x, Value w, Window2d window, int groups) {
    return node(Op.CONV2D, new Attributes.Convolution(window, groups, Activation.none), x, w);
  }

  /** x [N,C] or [N,C,H,W] plus bias [C] in every channel. */
  public Value bias(Value x, Value bias) {
    return node(Op.BIAS, new Attributes.None(), x, bias);
  }

  /** The largest of each window of x [N,C,H,W]; padding never wins. */
  public Value maxPool2d(Value x, Window2d window) {
    return node(Op.MAX_POOL2D, new Attributes.Pool(window), x);
  }

  /** The mean of each window of x [N,C,H,W], padding counted as zeros. */
  public Value avgPool2d(Value x, Window2d window) {
    return node(Op.AVG_POOL2D, new Attributes.Pool(window), x);
  }

  public Value relu(Value x) {
    return unary(UnaryOp.relu, x);
  }

  /** x·Φ(x), the exact form (Hendrycks, Gimpel 2016). */
  public Value gelu(Value x) {
    return unary(UnaryOp.gelu, x);
  }

  public Value unary(UnaryOp op, Value x) {
    return node(Op.UNARY, new Attributes.Unary(op), x);
  }

  public Value add(Value a, Value b) {
    return binary(BinaryOp.add, a, b);
  }

  public Value subtract(Value a, Value b) {
    return binary(BinaryOp.subtract, a, b);
  }

  public Value multiply(Value a, Value b) {
    return binary(BinaryOp.multiply, a, b);
  }

  public Value divide(Value a, Value b) {
    return binary(BinaryOp.divide, a, b);
  }

  public Value maximum(Value a, Value b) {
    return binary(BinaryOp.maximum, a, b);
  }

  public Value minimum(Value a, Value b) {
    return binary(BinaryOp.minimum, a, b);
  }

  /** a op b: equal ranks, 1 in a place standing for any size; or one of them [1]. */
  public Value binary(BinaryOp op, Value a, Value b) {
    return node(Op.BINARY, new Attributes.Binary(op, Broadcast.join(a.shape(), b.shape())), a, b);
  }

  /** Reduced dimensions stay as 1; without axes everything is reduced to [1]. */
  public Value sum(Value x, int... axes) {
    return reduce(ReduceOp.sum, x, Broadcast.reduced(x.shape(), axes));
  }

  /** As {@link #sum}. */
  public Value mean(Value x, int... axes) {
    return reduce(ReduceOp.mean, x, Broadcast.reduced(x.shape(), axes));
  }

  /** As {@link #sum}. The gradient is shared among equal maxima. */
  public Value max(Value x, int... axes) {
    return reduce(ReduceOp.max, x, Broadcast.reduced(x.shape(), axes));
  }

  /** As {@link #sum}, of the squares. */
  public Value sumOfSquares(Value x, int... axes) {
    return reduce(ReduceOp.sum_of_squares, x, Broadcast.reduced(x.shape(), axes));
  }

  Value reduce(ReduceOp op, Value x, Shape result) {
    return node(Op.REDUCE, new Attributes.Reduce(op, result), x);
  }

  /** The same memory under another shape. */
  public Value reshape(Value x, Shape result) {
    return x.shape().equals(result) ? x : node(Op.RESHAPE, new Attributes.Reshape(result), x);
  }

  /** [N, everything else]. */
  public Value flatten(Value x) {
    int rows = x.shape().dim(0);
    return reshape(x, Shape.of(rows, Math.toIntExact(x.shape().size() / rows)));
  }

  /** Dimension i of the result is dimension order[i] of x. */
  public Value permute(Value x, int... order) {
    List<Integer> list = Arrays.stream(order).boxed().toList();
    return node(Op.PERMUTE, new Attributes.Permutation(list), x);
  }

  public Value concat(int axis, Value... xs) {
    return node(Op.CONCAT, new Attributes.Concat(axis), xs);
  }

  public Value slice(Value x, int axis, int start, int length) {
    return node(Op.SLICE, new Attributes.Slice(axis, start, length), x);
  }

  /** softmax(z/temperature) over the columns of z [B,C]; temperature [1]. */
  public Value softmax(Value z, Value temperature) {
    return node(Op.SOFTMAX, new Attributes.None(), z, temperature);
  }

  /** The logarithm of {@link #softmax}. */
  public Value logSoftmax(Value z, Value temperature) {
    return node(Op.LOG_SOFTMAX, new Attributes.None(), z, temperature);
  }

  /**
   * T²·KL(softmax(teacher/T) ‖ softmax(student/T)), the mean over the rows of the logits [B,C]
   * (Hinton, Vinyals, Dean 2015). No gradient flows to the teacher.
   */
  public Value softmaxKl(Value student, Value teacher, Value temperature) {
    return node(Op.SOFTMAX_KL, new Attributes.None(), student, teacher, temperature);
  }

  /** −log softmax(z)[label], the mean over the rows of z [B,C]; labels [B] int32. */
  public Value crossEntropy(Value z, Value labels) {
    return node(Op.CROSS_ENTROPY, new Attributes.None(), z, labels);
  }

  /** The mean of (x − target)²; both are differentiated. */
  public Value mse(Value x, Value target) {
    return node(Op.MSE, new Attributes.None(), x, target);
  }

  /**
   * Layer normalisation (Ba, Kiros, Hinton 2016) of each row of x [B,C] by its own mean and
   * variance; gamma and beta are [C].
   */
  public Value layerNorm(Value x, Value gamma, Value beta, float epsilon) {
    return node(Op.LAYER_NORM, new Attributes.LayerNorm(epsilon), x, gamma, beta);
  }

  /** Rows of table [V,D] by indices int32 of any shape: the shape of indices, and then D. */
  public Value embedding(Value table, Value indices) {
    return node(Op.EMBEDDING, new Attributes.None(), table, indices);
  }

  /**
   * softmax(scale·q·kᵀ + mask)·v of q [B,H,S,D], k and v [B,H,S',D] (Vaswani et al. 2017). {@code
   * mask} [B,S'] is added to the scores of each query, or null; no gradient flows to it. {@code
   * causal}: query s sees the keys up to s + S' − S.
   */
  public Value attention(Value q, Value k, Value v, Value mask, float scale, boolean causal) {
    Attributes attributes = new Attributes.Attention(scale, causal);
    return mask == null
        ? node(Op.ATTENTION, attributes, q, k, v)
        : node(Op.ATTENTION, attributes, q, k, v, mask);
  }

  /** x; nothing flows back through it. */
  public Value stopGradient(Value x) {
    return node(Op.STOP_GRADIENT, new Attributes.None(), x);
  }

  /**
   * min(1, maxNorm/‖gradients‖) as [1]: the scale that clips the gradients' common norm (Pascanu,
   * Mikolov, Bengio 2013).
   */
  public Value clipScale(Collection<Value> gradients, Value maxNorm) {
    Value squares = constant(Shape.of(1), 1e-12f);
    for (Value gradient : gradients) {
      squares = add(squares, sumOfSquares(gradient));
    }
    Value ratio = divide(maxNorm, unary(UnaryOp.sqrt, squares));
    return minimum(ratio, constant(Shape.of(1), 1));
  }
}
