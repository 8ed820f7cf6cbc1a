package io.retort.graph;

import io.retort.device.Native.Activation;
import io.retort.device.Native.UnaryOp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes one call of a product, its bias and its relu or gelu, where nothing else reads what lies
 * between. In training relu fuses, since its gradient reads what it returned; gelu's gradient reads
 * what it was given, so there only the bias fuses.
 */
final class Fusion {
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
    boolean mayJoin = last.op() == Op.BIAS || activation(last) != null;
    while (mayJoin && joinsReader(chain.get(0).input(0).node())) {
      chain.add(0, chain.get(0).input(0).node());
      mayJoin = chain.get(0).op() == Op.BIAS;
    }
    return chain;
  }

  private boolean joinsReader(Node node) {
    if (node.outputs().size() != 1 || uses.getOrDefault(node.output(0), 0) != 1) {
      return false;
    }
    Node reader = readers.get(node.output(0));
    if (reader == null || reader.input(0) != node.output(0)) {
      return false;
    }
    boolean product = node.op() == Op.MATMUL || node.op() == Op.CONV2D;
    boolean biased = node.op() == Op.BIAS && joinsReader(node.input(0).node());
    return (product && reader.op() == Op.BIAS)
        || ((product || biased) && activation(reader) != null);
  }

  private static Activation activation(Node node) {
    if (!(node.attributes() instanceof Attributes.Unary unary) || node.op() != Op.UNARY) {
      return null;
    }
    return unary.op() == UnaryOp.relu
        ? Activation.relu
        : unary.op() == UnaryOp.gelu ? Activation.gelu : null;
  }

  private static void fuse(Program.Rewrite rewrite, List<Node> chain) {
    Node product = chain.get(0);
    Node last = chain.get(chain.size() - 1);
    List<Value> inputs = new ArrayList<>(product.inputs());
    if (chain.get(1).op() == Op.BIAS) {
      inputs.add(chain.get(1).input(1));
    }
    Activation activation = activation(last) == null ? Activation.none : activation(last);
    rewrite.replace(
        last, product.op(), inputs.stream().map(rewrite::of).toList(), with(product, activation));
  }

  private static Attributes with(Node product, Activation activation) {
    if (product.attributes() instanceof Attributes.Product p) {
      return new Attributes.Product(p.transposeA(), p.transposeB(), activation);
    }
    Attributes.Convolution c = product.attributes(Attributes.Convolution.class);
    return new Attributes.Convolution(c.window(), c.groups(), activation);
  }
}
