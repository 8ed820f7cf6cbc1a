package io.retort.graph;

import io.retort.tensor.Shape;

/**
 * The rule of {@code Kernels.binary} and {@code Kernels.reduce}: 1 in a place, or [1], stands for
 * any size.
 */
final class Broadcast {
  private Broadcast() {}

  static boolean fits(Shape narrow, Shape wide) {
    if (narrow.size() == 1 && narrow.rank() == 1) {
      return true;
    }
    boolean fits = narrow.rank() == wide.rank();
    for (int i = 0; fits && i < wide.rank(); i++) {
      fits = narrow.dim(i) == wide.dim(i) || narrow.dim(i) == 1;
    }
    return fits;
  }

  /** The smallest shape that both fit; where there is none, one that they do not fit. */
  static Shape join(Shape a, Shape b) {
    Shape longer = a.rank() >= b.rank() ? a : b;
    if (a.rank() != b.rank()) {
      return longer;
    }
    int[] dims = new int[a.rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Math.max(a.dim(i), b.dim(i));
    }
    return Shape.of(dims);
  }

  /** x's shape with 1 at the axes; without axes [1]. */
  static Shape reduced(Shape x, int... axes) {
    if (axes.length == 0) {
      return Shape.of(1);
    }
    Shape result = x;
    for (int axis : axes) {
      if (axis < 0 || axis >= x.rank()) {
        throw new IllegalArgumentException("[reduce] axis must be one of x: " + axis + ", " + x);
      }
      result = result.with(axis, 1);
    }
    return result;
  }
}
