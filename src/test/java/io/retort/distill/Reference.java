package io.retort.distill;

/** The losses of METHODS, summed in double, straight from their formulas. */
final class Reference {
  private Reference() {}

  static double[] softmax(double[] z, int row, int classes, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      max = Math.max(max, z[row * classes + c] / temperature);
    }
    double[] p = new double[classes];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      p[c] = Math.exp(z[row * classes + c] / temperature - max);
      sum += p[c];
    }
    for (int c = 0; c < classes; c++) {
      p[c] /= sum;
    }
    return p;
  }

  static double softmaxKl(
      double[] s,
      double[] t,
      int classes,
      double temperature,
      SoftmaxKl.Form form,
      boolean standardize,
      boolean scaled) {
    double[] a = standardize ? standardized(s, classes) : s;
    double[] b = standardize ? standardized(t, classes) : t;
    if (form == SoftmaxKl.Form.MSE) {
      return mse(a, b);
    }
    int rows = s.length / classes;
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      double[] p = softmax(a, row, classes, temperature);
      double[] q = softmax(b, row, classes, temperature);
      for (int c = 0; c < classes; c++) {
        sum -= q[c] * Math.log(p[c]);
        sum += form == SoftmaxKl.Form.KL ? q[c] * Math.log(q[c]) : 0;
      }
    }
    return sum / rows * (scaled ? temperature * temperature : 1);
  }

  private static double[] standardized(double[] z, int classes) {
    double[] result = new double[z.length];
    for (int row = 0; row < z.length / classes; row++) {
      double mean = 0;
      for (int c = 0; c < classes; c++) {
        mean += z[row * classes + c] / classes;
      }
      double variance = 0;
      for (int c = 0; c < classes; c++) {
        variance += Math.pow(z[row * classes + c] - mean, 2) / (classes - 1);
      }
      for (int c = 0; c < classes; c++) {
        result[row * classes + c] = (z[row * classes + c] - mean) / (1e-7 + Math.sqrt(variance));
      }
    }
    return result;
  }

  static double crossEntropy(double[] z, int[] labels, int classes) {
    int rows = z.length / classes;
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum -= Math.log(softmax(z, row, classes, 1)[labels[row]]);
    }
    return sum / rows;
  }

  static double mse(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum / a.length;
  }

  static double rkd(double[] s, double[] t, int rows, Rkd.Relation relation) {
    double sum = 0;
    if (relation == Rkd.Relation.DISTANCE) {
      double meanS = meanDistance(s, rows);
      double meanT = meanDistance(t, rows);
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++) {
          sum += huber(distance(s, rows, i, j) / meanS - distance(t, rows, i, j) / meanT);
        }
      }
      return sum / (rows * rows);
    }
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        for (int k = 0; k < rows; k++) {
          sum += huber(cosine(s, rows, i, j, k) - cosine(t, rows, i, j, k));
        }
      }
    }
    return sum / (rows * rows * rows);
  }

  private static double meanDistance(double[] f, int rows) {
    double sum = 0;
    int pairs = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        double distance = distance(f, rows, i, j);
        sum += distance;
        pairs += distance > 0 ? 1 : 0;
      }
    }
    return sum / pairs;
  }

  private static double distance(double[] f, int rows, int i, int j) {
    int width = f.length / rows;
    double sum = 0;
    for (int d = 0; d < width; d++) {
      sum += Math.pow(f[i * width + d] - f[j * width + d], 2);
    }
    return Math.sqrt(sum);
  }

  private static double cosine(double[] f, int rows, int i, int j, int k) {
    if (i == j || k == j) {
      return 0;
    }
    int width = f.length / rows;
    double sum = 0;
    for (int d = 0; d < width; d++) {
      sum += (f[i * width + d] - f[j * width + d]) * (f[k * width + d] - f[j * width + d]);
    }
    return sum / (distance(f, rows, i, j) * distance(f, rows, k, j));
  }

  private static double huber(double x) {
    return Math.abs(x) <= 1 ? x * x / 2 : Math.abs(x) - 0.5;
  }

  /** Average pooling of planes of height × width by a square window. */
  static double[] pool(double[] x, int planes, int height, int width, int kernel, int stride) {
    int outHeight = (height - kernel) / stride + 1;
    int outWidth = (width - kernel) / stride + 1;
    double[] y = new double[planes * outHeight * outWidth];
    for (int i = 0; i < y.length; i++) {
      int row = i / outWidth % outHeight * stride;
      int column = i % outWidth * stride;
      int plane = i / (outWidth * outHeight);
      for (int k = 0; k < kernel * kernel; k++) {
        y[i] +=
            x[(plane * height + row + k / kernel) * width + column + k % kernel]
                / (kernel * kernel);
      }
    }
    return y;
  }
}
