package io.retort.tensor;

import java.util.Arrays;

/** The dimensions of a dense, row-major tensor: 1 to 6 of them, each at least 1. Immutable. */
public final class Shape {
  /** The largest rank that the kernels take. */
  public static final int MAX_RANK = 6;

  private final int[] dims;

  private Shape(int[] dims) {
    this.dims = dims;
  }

  /**
   * A shape of the given dimensions.
   *
   * @throws IllegalArgumentException if there are none or more than {@link #MAX_RANK}, or one is
   *     below 1
   */
  public static Shape of(int... dims) {
    if (dims.length < 1 || dims.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "[shape] a shape must have 1 to " + MAX_RANK + " dimensions: " + Arrays.toString(dims));
    }
    for (int dim : dims) {
      if (dim < 1) {
        throw new IllegalArgumentException(
            "[shape] every dimension must be at least 1: " + Arrays.toString(dims));
      }
    }
    return new Shape(dims.clone());
  }

  public int rank() {
    return dims.length;
  }

  public int dim(int axis) {
    return dims[axis];
  }

  public int[] dims() {
    return dims.clone();
  }

  /** The number of elements. */
  public long size() {
    long size = 1;
    for (int dim : dims) {
      size *= dim;
    }
    return size;
  }

  /** This shape with one dimension replaced. */
  public Shape with(int axis, int dim) {
    int[] changed = dims.clone();
    changed[axis] = dim;
    return of(changed);
  }

  /** This shape behind one more dimension: a sample's shape becomes a batch's. */
  public Shape batched(int batch) {
    int[] longer = new int[dims.length + 1];
    longer[0] = batch;
    System.arraycopy(dims, 0, longer, 1, dims.length);
    return of(longer);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
