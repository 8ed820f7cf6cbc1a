package io.retort.graph;

import io.retort.device.Native.Activation;
import io.retort.device.Native.UnaryOp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes one call of a product, its bias, its relu or gelu and, after a convolution, its max pool,
 * where nothing else reads what lies between. In training relu fuses, since its gradient reads what
 * it returned; gelu's gradient reads what it was given, so there only the bias fuses.
 */
final class Fusion {
  private static final int NONE = -1;
  private static final int PRODUCT = 0;
  private static final int BIAS = 1;
  private static final int ACTIVATION = 2;
  private static final int POOL = 3;

  private final Program program;
  private final Map<Value, Integer> uses;
  private final Map<Value, Node> readers = new HashMap<>();

  private Fusion(Program program) {
    this.program = program;
    this.uses = program.uses();
    for (Node node : program.nodes()) {
      node.inputs().forEach(value -> readers.put(value, node));
    }
  }

  static Program apply(Program program) {
    return new Fusion(program).rewrite();
  }

  private Program rewrite() {
    Program.Rewrite rewrite = new Program.Rewrite();
    for (Node node : program.nodes()) {
      if (node.op().isUpdate() || !joinsReader(node)) {
        List<Node> chain = chain(node);
        if (chain.size() == 1) {
          rewrite.keep(node);
        } else {
          fuse(rewrite, chain);
        }
      }
    }
    return rewrite.program(program.outputs());
  }

  /** The product, then what has joined it, up to this node. */
  private List<Node> chain(Node last) {
    List<Node> chain = new ArrayList<>(List.of(last));
    while (stage(chain.get(0)) > PRODUCT && joinsReader(chain.get(0).input(0).node())) {
      chain.add(0, chain.get(0).input(0).node());
    }
    return chain;
  }

  /** Whether a node is the product or a later part of a call, and its only reader the next part. */
  private boolean joinsReader(Node node) {
    Node product = product(node);
    if (product == null || uses.getOrDefault(node.output(0), 0) != 1) {
      return false;
    }
    Node reader = readers.get(node.output(0));
    return reader != null
        && reader.input(0) == node.output(0)
        && stage(reader) > stage(node)
        && (stage(reader) != POOL || product.op() == Op.CONV2D);
  }

  /** The product that a call begins with in which this node is a part before the pool, or null. */
  private Node product(Node node) {
    int stage = stage(node);
    if (stage == PRODUCT) {
      return node;
    }
    boolean later = stage == BIAS || stage == ACTIVATION;
    return later && joinsReader(node.input(0).node()) ? product(node.input(0).node()) : null;
  }

  /** Which part of one call a node can be; they follow each other in this order. */
  private static int stage(Node node) {
    return switch (node.op()) {
      case MATMUL, CONV2D -> PRODUCT;
      case BIAS -> BIAS;
      case MAX_POOL2D -> POOL;
      default -> activation(node) == null ? NONE : ACTIVATION;
    };
  }

  private static Activation activation(Node node) {
    if (!(node.attributes() instanceof Attributes.Unary unary) || node.op() != Op.UNARY) {
      return null;
    }
    return unary.op() == UnaryOp.relu
        ? Activation.relu
        : unary.op() == UnaryOp.gelu ? Activation.gelu : null;
  }

  private void fuse(Program.Rewrite rewrite, List<Node> chain) {
    Node product = chain.get(0);
    Node last = chain.get(chain.size() - 1);
    List<Value> inputs = new ArrayList<>(product.inputs());
    Activation activation = Activation.none;
    for (Node part : chain.subList(1, chain.size())) {
      if (part.op() == Op.BIAS) {
        inputs.add(part.input(1));
      } else if (activation(part) != null) {
        activation = activation(part);
      }
    }
    List<Value> now = inputs.stream().map(rewrite::of).toList();
    if (last.op() == Op.MAX_POOL2D) {
      rewrite.replace(last, Op.CONV2D_MAX_POOL2D, now, pooled(product, activation, last));
    } else {
      rewrite.replace(last, product.op(), now, with(product, activation));
    }
  }

  private Attributes pooled(Node product, Activation activation, Node pool) {
    Attributes.Convolution c = product.attributes(Attributes.Convolution.class);
    Window2d window = pool.attributes(Attributes.Pool.class).window();
    boolean indexed = uses.getOrDefault(pool.output(1), 0) > 0;
    return new Attributes.PooledConvolution(c.window(), c.groups(), activation, window, indexed);
  }

  private static Attributes with(Node product, Activation activation) {
    if (product.attributes() instanceof Attributes.Product p) {
      return new Attributes.Product(p.transposeA(), p.transposeB(), activation);
    }
    Attributes.Convolution c = product.attributes(Attributes.Convolution.class);
    return new Attributes.Convolution(c.window(), c.groups(), activation);
  }
}
