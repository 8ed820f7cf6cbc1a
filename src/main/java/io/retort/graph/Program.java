package io.retort.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a plan is made of: nodes in an order of evaluation and the outputs to keep. Passes turn one
 * into another.
 */
record Program(List<Node> nodes, Map<String, Value> outputs) {

  /** The nodes that an output or an update needs; the others are dead. */
  static Program of(Graph graph) {
    Set<Node> live = new HashSet<>();
    List<Node> all = graph.nodes();
    graph.outputs().values().forEach(value -> live.add(value.node()));
    List<Node> nodes = new ArrayList<>();
    for (int i = all.size() - 1; i >= 0; i--) {
      Node node = all.get(i);
      if (live.contains(node) || node.op().isUpdate()) {
        node.inputs().forEach(value -> live.add(value.node()));
        nodes.add(0, node);
      }
    }
    return new Program(nodes, new LinkedHashMap<>(graph.outputs()));
  }

  /** How many inputs and outputs each value is. */
  Map<Value, Integer> uses() {
    Map<Value, Integer> uses = new HashMap<>();
    nodes.forEach(node -> node.inputs().forEach(value -> uses.merge(value, 1, Integer::sum)));
    outputs.values().forEach(value -> uses.merge(value, 1, Integer::sum));
    return uses;
  }

  /** The value whose memory this one is: itself, or behind reshapes. */
  static Value root(Value value) {
    Value root = value;
    while (root.node().op().isView()) {
      root = root.node().input(0);
    }
    return root;
  }

  /** Writes the nodes of a new program, keeping track of which value now stands for which. */
  static final class Rewrite {
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Value, Value> standIns = new HashMap<>();

    Value of(Value value) {
      return standIns.getOrDefault(value, value);
    }

    /** The node as it was, but for its inputs' stand-ins. */
    void keep(Node node) {
      List<Value> inputs = node.inputs().stream().map(this::of).toList();
      if (inputs.equals(node.inputs())) {
        nodes.add(node);
      } else {
        replace(node, node.op(), inputs, node.attributes());
      }
    }

    /** The node's outputs, computed another way. The inputs are values of the new program. */
    void replace(Node node, Op op, List<Value> inputs, Attributes attributes) {
      Node other = node.like(op, inputs, attributes);
      nodes.add(other);
      for (int i = 0; i < node.outputs().size(); i++) {
        standIns.put(node.output(i), other.output(i));
      }
    }

    /** The old value is the new program's value {@code by}. */
    void drop(Value value, Value by) {
      standIns.put(value, by);
    }

    /** A copy of a value of the new program in memory of its own. */
    Value copy(Value value) {
      return add(value.node(), Op.COPY, List.of(value), new Attributes.None(), value);
    }

    /** One more node, where {@code place} stands, with an output of {@code like}'s type. */
    Value add(Node place, Op op, List<Value> inputs, Attributes attributes, Value like) {
      List<Type> types = List.of(new Type(like.shape(), like.dtype()));
      Node node = new Node(place.graph(), place.id(), op, inputs, attributes, types);
      nodes.add(node);
      return node.output(0);
    }

    Program program(Map<String, Value> outputs) {
      Map<String, Value> kept = new LinkedHashMap<>();
      outputs.forEach((name, value) -> kept.put(name, of(value)));
      return new Program(nodes, kept);
    }
  }
}
