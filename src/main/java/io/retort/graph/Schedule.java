package io.retort.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The passes that make the order of a plan right: what is kept apart from the variables, and when
 * they are trained.
 */
final class Schedule {
  private Schedule() {}

  /** Takes out the nodes that only guide the gradient. */
  static Program withoutMarkers(Program program) {
    Program.Rewrite rewrite = new Program.Rewrite();
    for (Node node : program.nodes()) {
      if (node.op() == Op.STOP_GRADIENT) {
        rewrite.drop(node.output(0), rewrite.of(node.input(0)));
      } else {
        rewrite.keep(node);
      }
    }
    return rewrite.program(program.outputs());
  }

  /**
   * Copies the sources that are outputs, so that a fetched value is that of the run, and the
   * variables that an update takes as a gradient or a scalar, so that no two updates wait for each
   * other.
   */
  static Program withCopies(Program program) {
    Program.Rewrite rewrite = new Program.Rewrite();
    List<Node> updates = new ArrayList<>();
    for (Node node : program.nodes()) {
      if (node.op().isUpdate()) {
        updates.add(node);
      } else {
        rewrite.keep(node);
      }
    }
    for (Node update : updates) {
      List<Value> inputs = new ArrayList<>();
      for (Value value : update.inputs()) {
        boolean copied =
            inputs.size() < update.op().writesFrom()
                && Program.root(value).node().op().isVariable();
        inputs.add(copied ? rewrite.copy(rewrite.of(value)) : rewrite.of(value));
      }
      rewrite.replace(update, update.op(), inputs, update.attributes());
    }
    Map<String, Value> outputs = new LinkedHashMap<>(program.outputs());
    outputs.replaceAll(
        (name, value) ->
            Program.root(value).node().op().isSource() ? rewrite.copy(rewrite.of(value)) : value);
    return rewrite.program(outputs);
  }

  /**
   * Puts each update as early as it may be: after its inputs and after every reader of what it
   * writes.
   */
  static Program ordered(Program program) {
    Map<Value, Integer> lastUse = new HashMap<>();
    List<Node> steady = new ArrayList<>();
    List<Node> updates = new ArrayList<>();
    for (Node node : program.nodes()) {
      if (node.op().isUpdate()) {
        updates.add(node);
      } else {
        node.outputs().forEach(value -> lastUse.put(value, steady.size()));
        node.inputs().forEach(value -> lastUse.put(Program.root(value), steady.size()));
        steady.add(node);
      }
    }
    Map<Integer, List<Node>> after = new HashMap<>();
    for (Node update : updates) {
      int position = 0;
      for (int i = 0; i < update.inputs().size(); i++) {
        Value value = update.input(i);
        int ready =
            i < update.op().writesFrom()
                ? (value.node().op().isSource() ? 0 : steady.indexOf(value.node()))
                : lastUse.getOrDefault(value, 0);
        position = Math.max(position, ready);
      }
      after.computeIfAbsent(position, key -> new ArrayList<>()).add(update);
    }
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < steady.size(); i++) {
      nodes.add(steady.get(i));
      nodes.addAll(after.getOrDefault(i, List.of()));
    }
    return new Program(nodes, program.outputs());
  }
}
