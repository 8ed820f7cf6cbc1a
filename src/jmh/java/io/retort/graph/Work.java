package io.retort.graph;

import io.retort.tensor.DType;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a node has to do, whoever does it.
 *
 * @param flops a multiplication and an addition count as two; 0 where memory is what bounds the op
 * @param bytes each input read once and each result written once
 */
public record Work(double flops, double bytes) {

  public static Work of(Node node) {
    double bytes = bytes(node.inputs()) + bytes(node.outputs());
    int writes = node.op().writesFrom();
    if (writes < node.inputs().size()) {
      bytes += bytes(node.inputs().subList(writes, node.inputs().size()));
    }
    return new Work(flops(node), bytes);
  }

  private static double bytes(List<Value> values) {
    return values.stream().mapToDouble(value -> value.shape().size() * value.dtype().bytes()).sum();
  }

  private static double flops(Node node) {
    return switch (node.op()) {
      case MATMUL -> {
        boolean transposed = node.attributes(Attributes.Product.class).transposeA();
        int depth = node.input(0).shape().dim(transposed ? 0 : 1);
        yield 2.0 * depth * node.output(0).shape().size();
      }
      case CONV2D -> convolution(node.output(0), node.input(1));
      case CONV2D_BACKWARD_INPUT -> convolution(node.input(0), node.input(1));
      case CONV2D_BACKWARD_WEIGHT -> convolution(node.input(1), node.output(0));
      default -> 0;
    };
  }

  /** Every element of y, or of its gradient, is a product with the weights of one filter. */
  private static double convolution(Value y, Value w) {
    return 2.0 * y.shape().size() * w.shape().size() / w.shape().dim(0);
  }

  /** "matmul x [64, 128], teacher/linear3/weight [10, 128] → [64, 10]". */
  public static String text(Node node) {
    String label = node.op().label(node.attributes());
    String name = node.op().text();
    String inputs =
        node.inputs().stream()
            .map(Work::argument)
            .filter(text -> !text.equals("[1]"))
            .collect(Collectors.joining(", "));
    String outputs = shapes(node.outputs().stream());
    return (label.equals(name) ? name : name + " " + label)
        + activation(node)
        + " "
        + inputs
        + (outputs.isEmpty() ? "" : " → " + outputs);
  }

  private static String activation(Node node) {
    if (node.attributes() instanceof Attributes.Product product) {
      return " "
          + (product.transposeA() ? "T" : "N")
          + (product.transposeB() ? "T" : "N")
          + " "
          + product.activation();
    }
    return node.attributes() instanceof Attributes.Convolution convolution
        ? " " + convolution.activation()
        : "";
  }

  private static String argument(Value value) {
    Node source = Program.root(value).node();
    String path =
        source.attributes() instanceof Attributes.Variable variable ? variable.path() + " " : "";
    return path + (value.dtype() == DType.INT32 ? "int " : "") + value.shape();
  }

  private static String shapes(Stream<Value> values) {
    return values.map(value -> value.shape().toString()).collect(Collectors.joining(", "));
  }
}
