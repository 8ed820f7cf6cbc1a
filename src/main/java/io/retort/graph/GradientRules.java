package io.retort.graph;

import static io.retort.device.Native.BinaryOp.multiply;
import static io.retort.device.Native.ReduceOp.sum;
import static io.retort.device.Native.UnaryOp.absolute;
import static io.retort.device.Native.UnaryOp.negate;
import static io.retort.device.Native.UnaryOp.reciprocal;
import static io.retort.device.Native.UnaryOp.relu;
import static io.retort.device.Native.UnaryOp.sqrt;

import io.retort.device.Native.UnaryOp;
import io.retort.graph.Attributes.BatchNorm;
import io.retort.graph.Attributes.Binary;
import io.retort.graph.Attributes.Concat;
import io.retort.graph.Attributes.Convolution;
import io.retort.graph.Attributes.ConvolutionBackward;
import io.retort.graph.Attributes.None;
import io.retort.graph.Attributes.Pad;
import io.retort.graph.Attributes.Pool;
import io.retort.graph.Attributes.PoolBackward;
import io.retort.graph.Attributes.Product;
import io.retort.graph.Attributes.Reduce;
import io.retort.graph.Attributes.Slice;
import io.retort.graph.Attributes.Unary;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The backward pass as a table: for each op, per input, the gradient by that input from dy, the one
 * by the output. It is longer than the house size because it is one table.
 */
final class GradientRules {
  @FunctionalInterface
  private interface Rule {
    Value gradient(Graph g, Node n, Value dy);
  }

  private static final Set<UnaryOp> READS_Y =
      EnumSet.of(relu, UnaryOp.exp, sqrt, reciprocal, UnaryOp.sigmoid, UnaryOp.tanh);
  private static final None NONE = new None();
  private static final Map<Op, List<Rule>> RULES = new EnumMap<>(Op.class);

  private GradientRules() {}

  static {
    on(
        Op.MATMUL,
        (g, n, dy) -> matmulByA(g, n, n.attributes(Product.class), dy),
        (g, n, dy) -> matmulByB(g, n, n.attributes(Product.class), dy));
    on(
        Op.CONV2D,
        (g, n, dy) -> g.node(Op.CONV2D_BACKWARD_INPUT, conv(n, 0), dy, n.input(1)),
        (g, n, dy) -> g.node(Op.CONV2D_BACKWARD_WEIGHT, conv(n, 1), n.input(0), dy));
    on(Op.BIAS, (g, n, dy) -> dy, (g, n, dy) -> g.node(Op.BIAS_BACKWARD, NONE, dy));
    on(Op.MAX_POOL2D, (g, n, dy) -> g.node(Op.MAX_POOL2D_BACKWARD, pool(n), dy, n.output(1)));
    on(Op.AVG_POOL2D, (g, n, dy) -> g.node(Op.AVG_POOL2D_BACKWARD, pool(n), dy));
    on(Op.UNARY, (g, n, dy) -> g.node(Op.UNARY_BACKWARD, n.attributes(), readByUnary(n), dy));
    on(Op.BINARY, GradientRules::binaryByA, GradientRules::binaryByB);
    on(Op.REDUCE, GradientRules::reduce);
    on(Op.RESHAPE, (g, n, dy) -> g.reshape(dy, shape(n, 0)));
    on(Op.PERMUTE, (g, n, dy) -> g.permute(dy, inverse(n)));
    on(Op.SLICE, (g, n, dy) -> g.node(Op.PAD, pad(n), dy));
    on(Op.PAD, (g, n, dy) -> unpad(g, n, dy));
    on(Op.DROPOUT, (g, n, dy) -> g.node(Op.DROPOUT, n.attributes(), dy, n.input(1)));
    on(Op.SOFTMAX, (g, n, dy) -> g.node(Op.SOFTMAX_BACKWARD, NONE, n.output(0), dy, n.input(1)));
    on(
        Op.LOG_SOFTMAX,
        (g, n, dy) -> g.node(Op.LOG_SOFTMAX_BACKWARD, NONE, n.output(0), dy, n.input(1)));
    on(Op.SOFTMAX_KL, (g, n, dy) -> scaled(g, n.output(1), dy));
    on(Op.CROSS_ENTROPY, (g, n, dy) -> scaled(g, n.output(1), dy));
    on(
        Op.MSE,
        (g, n, dy) -> scaled(g, n.output(1), dy),
        (g, n, dy) -> g.unary(negate, scaled(g, n.output(1), dy)));
    on(
        Op.BATCH_NORM,
        (g, n, dy) -> batchNorm(g, n, dy, 0),
        (g, n, dy) -> batchNorm(g, n, dy, 1),
        (g, n, dy) -> batchNorm(g, n, dy, 2));
    on(
        Op.BATCH_NORM_INFERENCE,
        (g, n, dy) -> g.multiply(dy, g.multiply(column(g, n, 1), inverseDeviation(g, n))),
        (g, n, dy) -> g.node(Op.BIAS_BACKWARD, NONE, g.multiply(dy, normalised(g, n))),
        (g, n, dy) -> g.node(Op.BIAS_BACKWARD, NONE, dy));
    on(
        Op.LAYER_NORM,
        (g, n, dy) -> layerNorm(g, n, dy, 0),
        (g, n, dy) -> layerNorm(g, n, dy, 1),
        (g, n, dy) -> layerNorm(g, n, dy, 2));
    on(
        Op.EMBEDDING,
        (g, n, dy) -> {
          Attributes table = new Attributes.EmbeddingBackward(shape(n, 0));
          return g.node(Op.EMBEDDING_BACKWARD, table, dy, n.input(1));
        });
    on(
        Op.ATTENTION,
        (g, n, dy) -> attention(g, n, dy, 0),
        (g, n, dy) -> attention(g, n, dy, 1),
        (g, n, dy) -> attention(g, n, dy, 2));
    on(Op.STOP_GRADIENT);
  }

  private static void on(Op op, Rule... byInput) {
    RULES.put(op, List.of(byInput));
  }

  /** False where an op takes the input as a constant: labels, a temperature, the teacher. */
  static boolean mayFlow(Op op, int input) {
    return op == Op.CONCAT || !RULES.containsKey(op) || input < RULES.get(op).size();
  }

  static Value gradient(Graph g, Node n, int input, Value dy) {
    if (n.op() == Op.CONCAT) {
      return part(g, n, input, dy);
    }
    if (!RULES.containsKey(n.op())) {
      throw new IllegalArgumentException(
          "[gradients] " + n.op().text() + " must have a gradient: " + n);
    }
    return RULES.get(n.op()).get(input).gradient(g, n, dy);
  }

  private static Value matmulByA(Graph g, Node n, Product p, Value dy) {
    Value b = n.input(1);
    return p.transposeA()
        ? g.matmul(b, dy, p.transposeB(), true)
        : g.matmul(dy, b, false, !p.transposeB());
  }

  private static Value matmulByB(Graph g, Node n, Product p, Value dy) {
    Value a = n.input(0);
    return p.transposeB()
        ? g.matmul(dy, a, true, p.transposeA())
        : g.matmul(a, dy, !p.transposeA(), false);
  }

  private static ConvolutionBackward conv(Node n, int input) {
    Convolution c = n.attributes(Convolution.class);
    return new ConvolutionBackward(c.window(), c.groups(), shape(n, input));
  }

  private static PoolBackward pool(Node n) {
    return new PoolBackward(n.attributes(Pool.class).window(), shape(n, 0));
  }

  private static Value readByUnary(Node n) {
    return READS_Y.contains(n.attributes(Unary.class).op()) ? n.output(0) : n.input(0);
  }

  private static Value binaryByA(Graph g, Node n, Value dy) {
    Value a = n.input(0);
    Value b = n.input(1);
    Value da =
        switch (n.attributes(Binary.class).op()) {
          case add, subtract -> dy;
          case multiply -> g.multiply(dy, b);
          case divide -> g.divide(dy, b);
          case maximum -> where(g, a, b, dy);
          case minimum -> where(g, b, a, dy);
        };
    return reduced(g, da, a.shape());
  }

  private static Value binaryByB(Graph g, Node n, Value dy) {
    Value a = n.input(0);
    Value b = n.input(1);
    Value db =
        switch (n.attributes(Binary.class).op()) {
          case add -> dy;
          case subtract -> g.unary(negate, dy);
          case multiply -> g.multiply(dy, a);
          case divide -> g.unary(negate, g.divide(g.multiply(dy, n.output(0)), b));
          case maximum -> g.subtract(dy, where(g, a, b, dy));
          case minimum -> g.subtract(dy, where(g, b, a, dy));
        };
    return reduced(g, db, b.shape());
  }

  /** dy where larger > smaller, 0 elsewhere: relu's derivative at the difference. */
  private static Value where(Graph g, Value larger, Value smaller, Value dy) {
    Value difference = broadcast(g, g.subtract(larger, smaller), dy.shape());
    return g.node(Op.UNARY_BACKWARD, new Unary(relu), difference, dy);
  }

  private static Value reduce(Graph g, Node n, Value dy) {
    Value x = n.input(0);
    return switch (n.attributes(Reduce.class).op()) {
      case sum -> broadcast(g, dy, x.shape());
      case mean -> {
        float share = (float) n.output(0).shape().size() / x.shape().size();
        yield g.node(Op.BINARY, new Binary(multiply, x.shape()), dy, scalar(g, share));
      }
      case sum_of_squares -> g.multiply(x, g.multiply(dy, scalar(g, 2)));
      case max -> {
        Value ones = g.constant(x.shape(), 1);
        Value gap = g.subtract(n.output(0), x);
        Value below = g.node(Op.UNARY_BACKWARD, new Unary(absolute), gap, ones);
        Value isMax = g.subtract(ones, below);
        yield g.multiply(isMax, g.divide(dy, g.reduce(sum, isMax, dy.shape())));
      }
    };
  }

  private static int[] inverse(Node n) {
    List<Integer> order = n.attributes(Attributes.Permutation.class).order();
    int[] inverse = new int[order.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[order.get(i)] = i;
    }
    return inverse;
  }

  private static Pad pad(Node n) {
    Slice slice = n.attributes(Slice.class);
    return new Pad(slice.axis(), slice.start(), shape(n, 0));
  }

  private static Value unpad(Graph g, Node n, Value dy) {
    Pad pad = n.attributes(Pad.class);
    return g.slice(dy, pad.axis(), pad.start(), shape(n, 0).dim(pad.axis()));
  }

  private static Value part(Graph g, Node n, int input, Value dy) {
    int axis = n.attributes(Concat.class).axis();
    int start = 0;
    for (int i = 0; i < input; i++) {
      start += shape(n, i).dim(axis);
    }
    return g.slice(dy, axis, start, shape(n, input).dim(axis));
  }

  private static Value batchNorm(Graph g, Node n, Value dy, int output) {
    Value dx =
        g.node(Op.BATCH_NORM_BACKWARD, NONE, n.input(0), dy, n.input(1), n.output(1), n.output(2));
    return dx.node().output(output);
  }

  private static Value layerNorm(Graph g, Node n, Value dy, int output) {
    Value dx =
        g.node(Op.LAYER_NORM_BACKWARD, NONE, n.input(0), dy, n.input(1), n.output(1), n.output(2));
    return dx.node().output(output);
  }

  private static Value attention(Graph g, Node n, Value dy, int output) {
    List<Value> inputs = new ArrayList<>(n.inputs().subList(0, 3));
    inputs.addAll(List.of(n.output(0), dy, n.output(1)));
    inputs.addAll(n.inputs().subList(3, n.inputs().size()));
    Value dq = g.node(Op.ATTENTION_BACKWARD, n.attributes(), inputs.toArray(Value[]::new));
    return dq.node().output(output);
  }

  /** An input of [C] as [1,C] or [1,C,1,1], to go with x. */
  private static Value column(Graph g, Node n, int input) {
    int channels = shape(n, input).dim(0);
    boolean planes = shape(n, 0).rank() == 4;
    return g.reshape(n.input(input), planes ? Shape.of(1, channels, 1, 1) : Shape.of(1, channels));
  }

  private static Value inverseDeviation(Graph g, Node n) {
    Value epsilon = scalar(g, n.attributes(BatchNorm.class).epsilon());
    return g.unary(reciprocal, g.unary(sqrt, g.add(column(g, n, 4), epsilon)));
  }

  private static Value normalised(Graph g, Node n) {
    return g.multiply(g.subtract(n.input(0), column(g, n, 3)), inverseDeviation(g, n));
  }

  /** The gradient that a loss has computed beside itself, times what comes from above. */
  private static Value scaled(Graph g, Value gradient, Value dy) {
    boolean one =
        dy.node().attributes() instanceof Attributes.Constant constant
            && constant.values().length == 1
            && constant.values()[0] == 1;
    return one ? gradient : g.multiply(gradient, dy);
  }

  private static Value reduced(Graph g, Value dy, Shape shape) {
    return dy.shape().equals(shape) ? dy : g.reduce(sum, dy, shape);
  }

  private static Value broadcast(Graph g, Value x, Shape shape) {
    return x.shape().equals(shape)
        ? x
        : g.node(Op.BINARY, new Binary(multiply, shape), x, scalar(g, 1));
  }

  private static Value scalar(Graph g, float value) {
    return g.constant(Shape.of(1), value);
  }

  private static Shape shape(Node n, int input) {
    return n.input(input).shape();
  }
}
