package io.retort.graph;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;

/** Shape and element type of a value. */
record Type(Shape shape, DType dtype) {
  static Type floats(Shape shape) {
    return new Type(shape, DType.FLOAT32);
  }

  static Type floats(int... dims) {
    return floats(Shape.of(dims));
  }
}
