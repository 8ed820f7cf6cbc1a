package io.retort.graph;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Takes an activation's gradient before that of the max pool behind it, not after. What a pool
 * passes back goes to its maxima, where the activation's value is the pooled one: so the smaller
 * pooled tensors give the same gradient, and the activation's whole output need not be kept for the
 * backward pass.
 */
final class PooledGradient {
  private final Program program;
  private final Map<Value, Integer> uses;

  private PooledGradient(Program program) {
    this.program = program;
    this.uses = program.uses();
  }

  static Program apply(Program program) {
    return new PooledGradient(program).rewrite();
  }

  private Program rewrite() {
    Set<Node> moved =
        program.nodes().stream()
            .filter(this::followsPool)
            .map(node -> node.input(1).node())
            .collect(Collectors.toSet());
    Program.Rewrite rewrite = new Program.Rewrite();
    for (Node node : program.nodes()) {
      if (followsPool(node)) {
        exchange(rewrite, node);
      } else if (!moved.contains(node)) {
        rewrite.keep(node);
      }
    }
    return rewrite.program(program.outputs());
  }

  /**
   * An activation's gradient of a pool's gradient that nothing else reads, the pool having read
   * that activation.
   */
  private boolean followsPool(Node node) {
    if (node.op() != Op.UNARY_BACKWARD
        || node.input(1).node().op() != Op.MAX_POOL2D_BACKWARD
        || uses.get(node.input(1)) != 1) {
      return false;
    }
    Node pool = node.input(1).node().input(1).node();
    return pool.op() == Op.MAX_POOL2D && pool.input(0) == node.input(0);
  }

  private static void exchange(Program.Rewrite rewrite, Node node) {
    Node spread = node.input(1).node();
    Value dy = spread.input(0);
    Value index = spread.input(1);
    List<Value> read = List.of(rewrite.of(index.node().output(0)), rewrite.of(dy));
    Value gradient = rewrite.add(node, node.op(), read, node.attributes(), dy);
    rewrite.replace(node, spread.op(), List.of(gradient, rewrite.of(index)), spread.attributes());
  }
}
