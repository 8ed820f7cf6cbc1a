package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Initializer;
import io.retort.graph.Initializers;
import io.retort.graph.Value;
import io.retort.tensor.Shape;

/**
 * A tensor that a layer keeps.
 *
 * @param name below the layer's path
 * @param trained whether it is a parameter, or else state
 */
record Variable(String name, Shape shape, Initializer initializer, boolean trained) {
  /**
   * Uniform in ±1/√fanIn, PyTorch's default for the weights and biases of linear and convolution
   * layers.
   */
  static Variable uniform(String name, Shape shape, long fanIn) {
    return new Variable(name, shape, Initializers.uniform(1 / Math.sqrt(fanIn)), true);
  }

  Variable below(String path) {
    return new Variable(path + "/" + name, shape, initializer, trained);
  }

  /** The variable of the layer at the path, in a graph. */
  Value in(Graph graph, String at) {
    String path = at + "/" + name;
    return trained
        ? graph.parameter(path, shape, initializer)
        : graph.state(path, shape, initializer);
  }
}
