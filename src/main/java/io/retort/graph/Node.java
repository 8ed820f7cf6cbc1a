package io.retort.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** An op applied to values. Nodes never change; passes make others. */
public final class Node {
  private final Graph graph;
  private final int id;
  private final Op op;
  private final List<Value> inputs;
  private final Attributes attributes;
  private final List<Value> outputs;

  Node(Graph graph, int id, Op op, List<Value> inputs, Attributes attributes, List<Type> types) {
    this.graph = graph;
    this.id = id;
    this.op = op;
    this.inputs = List.copyOf(inputs);
    this.attributes = attributes;
    List<Value> made = new ArrayList<>();
    for (Type type : types) {
      made.add(new Value(this, made.size(), type.shape(), type.dtype()));
    }
    this.outputs = List.copyOf(made);
  }

  /** The same outputs computed another way: by other inputs, attributes or op. */
  Node like(Op otherOp, List<Value> otherInputs, Attributes otherAttributes) {
    List<Type> types =
        outputs.stream().map(value -> new Type(value.shape(), value.dtype())).toList();
    return new Node(graph, id, otherOp, otherInputs, otherAttributes, types);
  }

  Graph graph() {
    return graph;
  }

  /** Grows in the order of creation, which is an order of evaluation. */
  public int id() {
    return id;
  }

  public Op op() {
    return op;
  }

  public List<Value> inputs() {
    return inputs;
  }

  public Value input(int i) {
    return inputs.get(i);
  }

  public Attributes attributes() {
    return attributes;
  }

  <A extends Attributes> A attributes(Class<A> type) {
    return type.cast(attributes);
  }

  public List<Value> outputs() {
    return outputs;
  }

  public Value output(int i) {
    return outputs.get(i);
  }

  /** "%5 [8, 10] = matmul(%3, %4) Product[…]". */
  @Override
  public String toString() {
    String results =
        outputs.stream()
            .map(value -> value + " " + value.shape())
            .collect(Collectors.joining(", "));
    String arguments = inputs.stream().map(Value::toString).collect(Collectors.joining(", "));
    return (results.isEmpty() ? "" : results + " = ")
        + (op.text() + "(" + arguments + ")")
        + (attributes instanceof Attributes.None ? "" : " " + attributes);
  }
}
