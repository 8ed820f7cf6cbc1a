package io.retort.graph;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reverse-mode differentiation: adds the nodes of a gradient to the graph. The rules are in {@link
 * GradientRules}.
 */
public final class Gradients {
  private final Graph graph;
  private final Set<Value> active = new HashSet<>();
  private final Map<Value, Value> gradients = new HashMap<>();

  private Gradients(Graph graph) {
    this.graph = graph;
  }

  /**
   * The gradient of a loss of shape [1] by each of the values, of their shapes. What lies on no way
   * from them to the loss is not built.
   *
   * @throws IllegalArgumentException if the loss does not depend on one of the values
   */
  public static Map<Value, Value> of(Graph graph, Value loss, Collection<Value> wrt) {
    if (loss.shape().size() != 1) {
      throw new IllegalArgumentException(
          "[gradients] the loss must be one number: " + loss.shape());
    }
    Gradients backward = new Gradients(graph);
    List<Node> forward = List.copyOf(graph.nodes());
    backward.activate(forward, wrt);
    backward.gradients.put(loss, graph.constant(loss.shape(), 1));
    for (int i = loss.node().id(); i >= 0; i--) {
      backward.visit(forward.get(i));
    }
    Map<Value, Value> result = new LinkedHashMap<>();
    for (Value value : wrt) {
      Value gradient = backward.gradients.get(value);
      if (gradient == null) {
        throw new IllegalArgumentException(
            "[gradients] the loss must depend on every value: not on " + value.node());
      }
      result.put(value, gradient);
    }
    return result;
  }

  /** Finds the values that change with those that are differentiated by. */
  private void activate(List<Node> forward, Collection<Value> wrt) {
    active.addAll(wrt);
    for (Node node : forward) {
      for (int i = 0; i < node.inputs().size(); i++) {
        if (active.contains(node.input(i))
            && !node.outputs().isEmpty()
            && GradientRules.mayFlow(node.op(), i)) {
          active.add(node.output(0));
        }
      }
    }
  }

  private void visit(Node node) {
    if (node.outputs().isEmpty() || node.op().isSource()) {
      return;
    }
    Value dy = gradients.get(node.output(0));
    if (dy == null) {
      return;
    }
    for (int i = 0; i < node.inputs().size(); i++) {
      Value input = node.input(i);
      if (active.contains(input) && GradientRules.mayFlow(node.op(), i)) {
        Value dx = GradientRules.gradient(graph, node, i, dy);
        gradients.merge(input, dx, graph::add);
      }
    }
  }
}
