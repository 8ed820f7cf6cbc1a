package io.retort.distill;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.graph.Window2d;

/** Brings maps [B, C, H, W] of different sizes to one. */
final class Pooling {
  private Pooling() {}

  /**
   * Average-pools a map to a smaller height and width. The stride is the quotient of the sizes
   * rounded down, and the window is as large as makes the last one end at the border: equal parts
   * where the sizes divide, overlapping ones elsewhere.
   */
  static Value to(Graph g, Value x, int height, int width) {
    int h = x.shape().dim(2);
    int w = x.shape().dim(3);
    if (h == height && w == width) {
      return x;
    }
    int strideH = h / height;
    int strideW = w / width;
    return g.avgPool2d(
        x, window(h - (height - 1) * strideH, w - (width - 1) * strideW, strideH, strideW));
  }

  static Window2d window(int kernelH, int kernelW, int strideH, int strideW) {
    return new Window2d(kernelH, kernelW, strideH, strideW, 0, 0);
  }
}
