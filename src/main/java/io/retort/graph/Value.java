package io.retort.graph;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;

/** One output of one node: a tensor that will exist when a plan runs. */
public final class Value {
  private final Node node;
  private final int output;
  private final Shape shape;
  private final DType dtype;

  Value(Node node, int output, Shape shape, DType dtype) {
    this.node = node;
    this.output = output;
    this.shape = shape;
    this.dtype = dtype;
  }

  public Shape shape() {
    return shape;
  }

  public DType dtype() {
    return dtype;
  }

  public Node node() {
    return node;
  }

  public int output() {
    return output;
  }

  /** "%12" or, where the node has more outputs, "%12.1". */
  @Override
  public String toString() {
    return "%" + node.id() + (node.outputs().size() > 1 ? "." + output : "");
  }
}
