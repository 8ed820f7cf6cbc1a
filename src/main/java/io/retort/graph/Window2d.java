package io.retort.graph;

/** A window sliding over height and width: of a convolution or of a pool. Padding is with zeros. */
public record Window2d(int kernelH, int kernelW, int strideH, int strideW, int padH, int padW) {
  public Window2d {
    if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1 || padH < 0 || padW < 0) {
      throw new IllegalArgumentException(
          "[window] kernel and stride must be at least 1 and padding at least 0: "
              + text(kernelH, kernelW, strideH, strideW, padH, padW));
    }
  }

  /** A square kernel, stride 1, no padding. */
  public static Window2d square(int kernel) {
    return square(kernel, 1, 0);
  }

  /** A square kernel. */
  public static Window2d square(int kernel, int stride, int pad) {
    return new Window2d(kernel, kernel, stride, stride, pad, pad);
  }

  /** A square kernel whose stride is its size: windows side by side. */
  public static Window2d pool(int size) {
    return square(size, size, 0);
  }

  int outputHeight(int height) {
    return (height + 2 * padH - kernelH) / strideH + 1;
  }

  int outputWidth(int width) {
    return (width + 2 * padW - kernelW) / strideW + 1;
  }

  boolean fits(int height, int width) {
    return kernelH <= height + 2 * padH && kernelW <= width + 2 * padW;
  }

  @Override
  public String toString() {
    return text(kernelH, kernelW, strideH, strideW, padH, padW);
  }

  private static String text(
      int kernelH, int kernelW, int strideH, int strideW, int padH, int padW) {
    return "kernel %dx%d, stride %dx%d, padding %dx%d"
        .formatted(kernelH, kernelW, strideH, strideW, padH, padW);
  }
}
