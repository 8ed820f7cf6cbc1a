package io.retort.nn;

import io.retort.graph.Window2d;
import io.retort.tensor.Shape;

/** The limits of layers: far beyond any use, and low enough that no count of elements overflows. */
final class Range {
  /** Of filters, units and channels. */
  static final int WIDTH = 1 << 20;

  /** Of a window's kernel, stride and padding. */
  private static final int WINDOW = 1 << 10;

  private Range() {}

  static void check(String kind, String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "[" + kind + "] " + what + " must be in " + least + " … " + most + ": " + value);
    }
  }

  static void check(String kind, Window2d window) {
    check(kind, "kernel", Math.max(window.kernelH(), window.kernelW()), 1, WINDOW);
    check(kind, "stride", Math.max(window.strideH(), window.strideW()), 1, WINDOW);
    check(kind, "padding", Math.max(window.padH(), window.padW()), 0, WINDOW);
  }

  static void elements(String kind, Shape shape, String at) {
    if (shape.size() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "[" + kind + "] a tensor must have less than 2^31 elements: " + shape + ", at " + at);
    }
  }
}
