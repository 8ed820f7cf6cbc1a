package io.retort.graph;

import static io.retort.tensor.DType.FLOAT32;
import static io.retort.tensor.DType.INT32;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The one place that judges whether a node may be: which shapes and element types an op takes, and
 * what comes out. Errors say {@code [op] what must hold: what came, at path}. It is longer than the
 * house size because it is one table, a short method an op.
 */
final class Legality {
  private static final Shape SCALAR = Shape.of(1);

  private final Op op;
  private final List<Value> inputs;
  private final Attributes attributes;
  private final String label;
  private final String where;

  private Legality(Op op, List<Value> inputs, Attributes attributes, String where) {
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.where = where;
    this.label = op.label(attributes);
  }

  /** The types of the outputs, or an IllegalArgumentException. {@code where} ends the message. */
  static List<Type> types(Op op, List<Value> inputs, Attributes attributes, String where) {
    return new Legality(op, inputs, attributes, where).types();
  }

  private List<Type> types() {
    if (!op.takesAny()) {
      for (int i = 0; i < inputs.size(); i++) {
        DType wanted = op.takesInteger(i) ? INT32 : FLOAT32;
        must(in(i).dtype() == wanted, "input " + i + " must be " + wanted, in(i).dtype());
      }
    }
    for (int i = op.writesFrom(); i < inputs.size(); i++) {
      must(in(i).node().op().isVariable(), "what is written must be a variable", in(i).node());
    }
    return switch (op) {
      case MATMUL -> matmul(as(Attributes.Product.class));
      case CONV2D -> conv2d(as(Attributes.Convolution.class));
      case CONV2D_BACKWARD_INPUT, CONV2D_BACKWARD_WEIGHT ->
          floats(as(Attributes.ConvolutionBackward.class).result());
      case BIAS -> bias();
      case BIAS_BACKWARD -> floats(Shape.of(channels(shape(0))));
      case MAX_POOL2D, AVG_POOL2D -> pool(as(Attributes.Pool.class).window());
      case MAX_POOL2D_BACKWARD, AVG_POOL2D_BACKWARD ->
          floats(as(Attributes.PoolBackward.class).result());
      case UNARY, DROPOUT, COPY -> List.of(new Type(shape(0), in(0).dtype()));
      case UNARY_BACKWARD -> same("x and dy must have one shape");
      case BINARY -> binary(as(Attributes.Binary.class).result());
      case REDUCE -> reduce(as(Attributes.Reduce.class).result());
      case RESHAPE -> reshape(as(Attributes.Reshape.class).result());
      case PERMUTE -> permute(as(Attributes.Permutation.class).order());
      case SLICE -> slice(as(Attributes.Slice.class));
      case PAD -> floats(as(Attributes.Pad.class).result());
      case CONCAT -> concat(as(Attributes.Concat.class).axis());
      case SOFTMAX, LOG_SOFTMAX -> softmax(1);
      case SOFTMAX_BACKWARD, LOG_SOFTMAX_BACKWARD -> softmax(2);
      case SOFTMAX_KL -> softmaxKl();
      case CROSS_ENTROPY -> crossEntropy();
      case MSE -> List.of(Type.floats(1), same("x and target must have one shape").get(0));
      case BATCH_NORM, BATCH_NORM_INFERENCE -> batchNorm();
      case BATCH_NORM_BACKWARD -> floats(shape(0), shape(2), shape(2));
      case LAYER_NORM -> layerNorm();
      case LAYER_NORM_BACKWARD -> floats(shape(0), shape(2), shape(2));
      case EMBEDDING -> embedding();
      case EMBEDDING_BACKWARD -> floats(as(Attributes.EmbeddingBackward.class).result());
      case ATTENTION -> attention(as(Attributes.Attention.class).causal());
      case ATTENTION_BACKWARD -> floats(shape(0), shape(1), shape(2));
      case STOP_GRADIENT -> floats(shape(0));
      case SGD, ADAM -> update();
      case INPUT, PARAMETER, STATE, CONSTANT, CONV2D_MAX_POOL2D ->
          throw new IllegalArgumentException("[" + label + "] a source has no inputs");
    };
  }

  private List<Type> matmul(Attributes.Product product) {
    Shape a = shape(0);
    Shape b = shape(1);
    boolean matrices = a.rank() == 2 && b.rank() == 2;
    must(matrices, "a and b must be matrices", a, b);
    int depthA = a.dim(product.transposeA() ? 0 : 1);
    int depthB = b.dim(product.transposeB() ? 1 : 0);
    String transposes =
        (product.transposeA() ? " transposed" : "")
            + ", "
            + b
            + (product.transposeB() ? " transposed" : "");
    must(depthA == depthB, "columns of a must be rows of b", a + transposes);
    return floats(
        Shape.of(a.dim(product.transposeA() ? 1 : 0), b.dim(product.transposeB() ? 0 : 1)));
  }

  private List<Type> conv2d(Attributes.Convolution convolution) {
    Shape x = shape(0);
    Shape w = shape(1);
    Window2d window = convolution.window();
    int groups = convolution.groups();
    must(x.rank() == 4, "x must be [N, C, H, W]", x);
    must(w.rank() == 4, "w must be [O, C/groups, kernel, kernel]", w);
    must(
        groups >= 1 && x.dim(1) % groups == 0 && w.dim(0) % groups == 0,
        "groups must divide the channels of x and of w",
        groups,
        x,
        w);
    must(
        x.dim(1) == w.dim(1) * groups,
        "channels of x must be those of w times groups",
        "x " + x + ", w " + w + ", groups " + groups);
    must(
        w.dim(2) == window.kernelH() && w.dim(3) == window.kernelW(),
        "w must have the window's kernel",
        w,
        window);
    return floats(slid(x, w.dim(0), window));
  }

  private Shape slid(Shape x, int channels, Window2d window) {
    must(window.fits(x.dim(2), x.dim(3)), "the kernel must fit into the padded x", x, window);
    return Shape.of(
        x.dim(0), channels, window.outputHeight(x.dim(2)), window.outputWidth(x.dim(3)));
  }

  private List<Type> pool(Window2d window) {
    Shape x = shape(0);
    must(x.rank() == 4, "x must be [N, C, H, W]", x);
    must(
        window.padH() < window.kernelH() && window.padW() < window.kernelW(),
        "padding must be below the kernel",
        window);
    Shape y = slid(x, x.dim(1), window);
    return op == Op.AVG_POOL2D ? floats(y) : List.of(Type.floats(y), new Type(y, INT32));
  }

  private int channels(Shape x) {
    must(x.rank() == 2 || x.rank() == 4, "x must be [N, C] or [N, C, H, W]", x);
    return x.dim(1);
  }

  private List<Type> bias() {
    must(
        shape(1).equals(Shape.of(channels(shape(0)))),
        "bias must be as long as x has channels",
        shape(0),
        shape(1));
    return floats(shape(0));
  }

  private List<Type> binary(Shape result) {
    must(
        Broadcast.fits(shape(0), result) && Broadcast.fits(shape(1), result),
        "shapes must agree, with 1 in a place or [1] standing for any size",
        shape(0),
        shape(1));
    return floats(result);
  }

  private List<Type> reduce(Shape result) {
    must(
        Broadcast.fits(result, shape(0)),
        "the result must be x's shape with 1 in places",
        result,
        shape(0));
    return floats(result);
  }

  private List<Type> reshape(Shape result) {
    must(result.size() == shape(0).size(), "the number of elements must stay", shape(0), result);
    return List.of(new Type(result, in(0).dtype()));
  }

  private List<Type> permute(List<Integer> order) {
    int rank = shape(0).rank();
    List<Integer> sorted = new ArrayList<>(order);
    Collections.sort(sorted);
    boolean whole = sorted.size() == rank;
    int[] dims = new int[rank];
    for (int i = 0; whole && i < rank; i++) {
      whole = sorted.get(i) == i;
      dims[i] = whole ? shape(0).dim(order.get(i)) : 1;
    }
    must(whole, "order must name each dimension of x once", shape(0), order);
    return List.of(new Type(Shape.of(dims), in(0).dtype()));
  }

  private List<Type> slice(Attributes.Slice slice) {
    Shape x = shape(0);
    must(slice.axis() >= 0 && slice.axis() < x.rank(), "axis must be one of x", slice.axis(), x);
    must(
        slice.start() >= 0
            && slice.length() >= 1
            && slice.start() <= x.dim(slice.axis()) - slice.length(),
        "the slice must lie in x",
        slice,
        x);
    return List.of(new Type(x.with(slice.axis(), slice.length()), in(0).dtype()));
  }

  private List<Type> concat(int axis) {
    must(!inputs.isEmpty(), "there must be something to join", 0);
    Shape first = shape(0);
    must(axis >= 0 && axis < first.rank(), "axis must be one of the inputs", axis, first);
    int length = 0;
    for (Value x : inputs) {
      must(x.dtype() == in(0).dtype(), "element types must be the same", x.dtype(), in(0).dtype());
      must(
          x.shape().rank() == first.rank() && x.shape().with(axis, 1).equals(first.with(axis, 1)),
          "shapes must agree but in axis " + axis,
          first,
          x.shape());
      length += x.shape().dim(axis);
    }
    return List.of(new Type(first.with(axis, length), in(0).dtype()));
  }

  private List<Type> softmax(int temperature) {
    must(shape(0).rank() == 2, "logits must be [B, C]", shape(0));
    must(shape(temperature).equals(SCALAR), "temperature must be [1]", shape(temperature));
    return floats(shape(0));
  }

  private List<Type> softmaxKl() {
    must(shape(0).equals(shape(1)), "student and teacher must have one shape", shape(0), shape(1));
    softmax(2);
    return floats(SCALAR, shape(0));
  }

  private List<Type> crossEntropy() {
    must(shape(0).rank() == 2, "logits must be [B, C]", shape(0));
    must(
        shape(1).equals(Shape.of(shape(0).dim(0))),
        "there must be one label a row",
        shape(0),
        shape(1));
    return floats(SCALAR, shape(0));
  }

  private List<Type> batchNorm() {
    Shape statistics = Shape.of(channels(shape(0)));
    for (int i = 1; i < inputs.size(); i++) {
      must(
          shape(i).equals(statistics),
          "gamma, beta and the running statistics must be as long as x has channels",
          shape(0),
          shape(i));
    }
    return op == Op.BATCH_NORM_INFERENCE
        ? floats(shape(0))
        : floats(shape(0), statistics, statistics);
  }

  private List<Type> layerNorm() {
    Shape x = shape(0);
    must(x.rank() == 2, "x must be [B, C]", x);
    for (int i = 1; i < inputs.size(); i++) {
      must(
          shape(i).equals(Shape.of(x.dim(1))),
          "gamma and beta must be as long as a row of x",
          x,
          shape(i));
    }
    Shape statistics = Shape.of(x.dim(0));
    return floats(x, statistics, statistics);
  }

  private List<Type> embedding() {
    Shape table = shape(0);
    Shape indices = shape(1);
    must(table.rank() == 2, "table must be [V, D]", table);
    must(indices.rank() < Shape.MAX_RANK, "indices must leave a dimension for D", indices);
    int[] dims = Arrays.copyOf(indices.dims(), indices.rank() + 1);
    dims[indices.rank()] = table.dim(1);
    return floats(Shape.of(dims));
  }

  private List<Type> attention(boolean causal) {
    Shape q = shape(0);
    Shape k = shape(1);
    must(q.rank() == 4, "q must be [B, H, S, D]", q);
    must(k.rank() == 4 && k.equals(shape(2)), "k and v must be [B, H, S', D]", k, shape(2));
    must(k.equals(q.with(2, k.dim(2))), "q and k must agree in B, H and D", q, k);
    must(!causal || q.dim(2) <= k.dim(2), "S must not be over S' where it is causal", q, k);
    Shape mask = Shape.of(q.dim(0), k.dim(2));
    must(
        inputs.size() == 3 || shape(3).equals(mask),
        "mask must be [B, S']",
        k,
        in(inputs.size() - 1).shape());
    return floats(q, Shape.of(q.dim(0), q.dim(1), q.dim(2)));
  }

  /** Inputs: gradient, scalars, and from the first one written the parameter and its slots. */
  private List<Type> update() {
    Value parameter = in(op.writesFrom());
    must(
        parameter.node().op() == Op.PARAMETER,
        "what is trained must be a parameter",
        parameter.node());
    for (int i = 1; i < inputs.size(); i++) {
      Shape wanted = i < op.writesFrom() ? SCALAR : shape(0);
      must(shape(i).equals(wanted), "input " + i + " must be " + wanted, shape(i));
    }
    return List.of();
  }

  private List<Type> same(String what) {
    must(shape(0).equals(shape(1)), what, shape(0), shape(1));
    return floats(shape(0));
  }

  private static List<Type> floats(Shape... shapes) {
    return Arrays.stream(shapes).map(Type::floats).toList();
  }

  private <A extends Attributes> A as(Class<A> type) {
    return type.cast(attributes);
  }

  private Value in(int i) {
    return inputs.get(i);
  }

  private Shape shape(int i) {
    return inputs.get(i).shape();
  }

  private void must(boolean holds, String what, Object... came) {
    if (!holds) {
      String values = String.join(", ", Arrays.stream(came).map(String::valueOf).toList());
      throw new IllegalArgumentException("[" + label + "] " + what + ": " + values + where);
    }
  }
}
