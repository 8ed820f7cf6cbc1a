package io.retort.graph;

import io.retort.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A second reading of every forward op, in double and without any thought of speed: what a plan is
 * held against. Longer than the house size, since it is one small method an op, read in one place.
 */
final class Reference {
  private final Map<Value, double[]> known = new HashMap<>();
  private final Function<Value, double[]> sources;

  /** {@code sources} gives the elements of inputs and variables. */
  Reference(Function<Value, double[]> sources) {
    this.sources = sources;
  }

  double[] of(Value value) {
    if (value.output() != 0) {
      throw new IllegalArgumentException("only first outputs are known: " + value.node());
    }
    double[] elements = known.get(value);
    if (elements == null) {
      elements = evaluate(value.node());
      known.put(value, elements);
    }
    return elements;
  }

  private double[] evaluate(Node n) {
    return switch (n.op()) {
      case INPUT, PARAMETER, STATE -> sources.apply(n.output(0));
      case CONSTANT -> constant(n);
      case MATMUL -> matmul(n);
      case CONV2D -> conv2d(n);
      case BIAS -> each(n, i -> x(n, 0)[i] + x(n, 1)[channel(n, i)]);
      case MAX_POOL2D, AVG_POOL2D -> pool(n);
      case UNARY -> each(n, i -> unary(n, x(n, 0)[i]));
      case BINARY -> each(n, i -> binary(n, pick(n, 0, i), pick(n, 1, i)));
      case REDUCE -> reduce(n);
      case RESHAPE, STOP_GRADIENT -> x(n, 0);
      case PERMUTE -> permute(n);
      case SLICE -> each(n, i -> x(n, 0)[sliceIndex(n, i)]);
      case CONCAT -> concat(n);
      case SOFTMAX -> softmax(x(n, 0), columns(n), x(n, 1)[0], false);
      case LOG_SOFTMAX -> softmax(x(n, 0), columns(n), x(n, 1)[0], true);
      case SOFTMAX_KL -> softmaxKl(n);
      case CROSS_ENTROPY -> crossEntropy(n);
      case MSE -> mse(x(n, 0), x(n, 1));
      case BATCH_NORM -> batchNorm(n, true);
      case BATCH_NORM_INFERENCE -> batchNorm(n, false);
      case LAYER_NORM -> layerNorm(n);
      case EMBEDDING -> embedding(n);
      case ATTENTION -> attention(n);
      default -> throw new IllegalArgumentException("no reference: " + n);
    };
  }

  private interface Element {
    double at(int i);
  }

  private static double[] each(Node n, Element element) {
    double[] y = new double[size(n.output(0))];
    for (int i = 0; i < y.length; i++) {
      y[i] = element.at(i);
    }
    return y;
  }

  private double[] x(Node n, int input) {
    return of(n.input(input));
  }

  private static int size(Value value) {
    return (int) value.shape().size();
  }

  private static int columns(Node n) {
    return n.input(0).shape().dim(1);
  }

  private static double[] constant(Node n) {
    float[] values = n.attributes(Attributes.Constant.class).values();
    return each(n, i -> values[values.length == 1 ? 0 : i]);
  }

  private double[] matmul(Node n) {
    Attributes.Product p = n.attributes(Attributes.Product.class);
    int rows = n.output(0).shape().dim(0);
    int columns = n.output(0).shape().dim(1);
    int depth = n.input(0).shape().dim(p.transposeA() ? 0 : 1);
    return each(
        n,
        i -> {
          double sum = 0;
          for (int k = 0; k < depth; k++) {
            double a = x(n, 0)[p.transposeA() ? k * rows + i / columns : i / columns * depth + k];
            sum +=
                a * x(n, 1)[p.transposeB() ? i % columns * depth + k : k * columns + i % columns];
          }
          return sum;
        });
  }

  private double[] conv2d(Node n) {
    Attributes.Convolution c = n.attributes(Attributes.Convolution.class);
    Shape w = n.input(1).shape();
    int perGroup = n.output(0).shape().dim(1) / c.groups();
    return each(
        n,
        i -> {
          int[] at = place(n.output(0).shape(), i);
          double sum = 0;
          for (int channel = 0; channel < w.dim(1); channel++) {
            int from = at[1] / perGroup * w.dim(1) + channel;
            int plane = (at[1] * w.dim(1) + channel) * w.dim(2) * w.dim(3);
            for (int k = 0; k < w.dim(2) * w.dim(3); k++) {
              double v = inWindow(n, c.window(), at, from, k, 0);
              sum += v * x(n, 1)[plane + k];
            }
          }
          return sum;
        });
  }

  /** x at the k-th place of the window that belongs to the output's place. */
  private double inWindow(Node n, Window2d w, int[] at, int channel, int k, double outside) {
    Shape x = n.input(0).shape();
    int row = at[2] * w.strideH() - w.padH() + k / w.kernelW();
    int column = at[3] * w.strideW() - w.padW() + k % w.kernelW();
    boolean inside = row >= 0 && row < x.dim(2) && column >= 0 && column < x.dim(3);
    return inside
        ? x(n, 0)[((at[0] * x.dim(1) + channel) * x.dim(2) + row) * x.dim(3) + column]
        : outside;
  }

  private double[] pool(Node n) {
    Window2d w = n.attributes(Attributes.Pool.class).window();
    boolean max = n.op() == Op.MAX_POOL2D;
    return each(
        n,
        i -> {
          int[] at = place(n.output(0).shape(), i);
          double y = max ? Double.NEGATIVE_INFINITY : 0;
          int places = w.kernelH() * w.kernelW();
          for (int k = 0; k < places; k++) {
            double v = inWindow(n, w, at, at[1], k, max ? Double.NEGATIVE_INFINITY : 0);
            y = max ? Math.max(y, v) : y + v / places;
          }
          return y;
        });
  }

  private static double unary(Node n, double x) {
    return switch (n.attributes(Attributes.Unary.class).op()) {
      case relu -> Math.max(x, 0);
      case gelu -> x * 0.5 * (1 + erf(x / Math.sqrt(2)));
      case exp -> Math.exp(x);
      case log -> Math.log(x);
      case sqrt -> Math.sqrt(x);
      case square -> x * x;
      case negate -> -x;
      case absolute -> Math.abs(x);
      case reciprocal -> 1 / x;
      case sigmoid -> 1 / (1 + Math.exp(-x));
      case tanh -> Math.tanh(x);
      case huber -> Math.abs(x) <= 1 ? x * x / 2 : Math.abs(x) - 0.5;
    };
  }

  /** The Taylor series, exact to double precision for the small arguments of the tests. */
  private static double erf(double x) {
    double term = x;
    double sum = x;
    for (int i = 1; i < 200; i++) {
      term *= -x * x / i;
      sum += term / (2 * i + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  private static double binary(Node n, double a, double b) {
    return switch (n.attributes(Attributes.Binary.class).op()) {
      case add -> a + b;
      case subtract -> a - b;
      case multiply -> a * b;
      case divide -> a / b;
      case maximum -> Math.max(a, b);
      case minimum -> Math.min(a, b);
    };
  }

  /** The element of a broadcast input that belongs to the output's element i. */
  private double pick(Node n, int input, int i) {
    return x(n, input)[broadcastIndex(n.output(0).shape(), n.input(input).shape(), i)];
  }

  private static int broadcastIndex(Shape wide, Shape narrow, int i) {
    if (narrow.size() == 1) {
      return 0;
    }
    int[] at = place(wide, i);
    int index = 0;
    for (int d = 0; d < at.length; d++) {
      index = index * narrow.dim(d) + (narrow.dim(d) == 1 ? 0 : at[d]);
    }
    return index;
  }

  private double[] reduce(Node n) {
    Shape wide = n.input(0).shape();
    double[] y = new double[size(n.output(0))];
    var op = n.attributes(Attributes.Reduce.class).op();
    Arrays.fill(y, op.name().equals("max") ? Double.NEGATIVE_INFINITY : 0);
    double share = (double) y.length / wide.size();
    for (int i = 0; i < wide.size(); i++) {
      double v = x(n, 0)[i];
      int to = broadcastIndex(wide, n.output(0).shape(), i);
      y[to] =
          switch (op) {
            case sum -> y[to] + v;
            case mean -> y[to] + v * share;
            case max -> Math.max(y[to], v);
            case sum_of_squares -> y[to] + v * v;
          };
    }
    return y;
  }

  private double[] permute(Node n) {
    List<Integer> order = n.attributes(Attributes.Permutation.class).order();
    Shape from = n.input(0).shape();
    return each(
        n,
        i -> {
          int[] at = place(n.output(0).shape(), i);
          int[] source = new int[at.length];
          for (int d = 0; d < at.length; d++) {
            source[order.get(d)] = at[d];
          }
          return x(n, 0)[index(from, source)];
        });
  }

  private static int sliceIndex(Node n, int i) {
    Attributes.Slice slice = n.attributes(Attributes.Slice.class);
    int[] at = place(n.output(0).shape(), i);
    at[slice.axis()] += slice.start();
    return index(n.input(0).shape(), at);
  }

  private double[] concat(Node n) {
    int axis = n.attributes(Attributes.Concat.class).axis();
    return each(
        n,
        i -> {
          int[] at = place(n.output(0).shape(), i);
          int input = 0;
          while (at[axis] >= n.input(input).shape().dim(axis)) {
            at[axis] -= n.input(input).shape().dim(axis);
            input++;
          }
          return x(n, input)[index(n.input(input).shape(), at)];
        });
  }

  private static double[] softmax(double[] z, int columns, double temperature, boolean logarithm) {
    double[] y = new double[z.length];
    for (int row = 0; row < z.length; row += columns) {
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        sum += Math.exp(z[row + c] / temperature);
      }
      for (int c = 0; c < columns; c++) {
        double log = z[row + c] / temperature - Math.log(sum);
        y[row + c] = logarithm ? log : Math.exp(log);
      }
    }
    return y;
  }

  private double[] softmaxKl(Node n) {
    double temperature = x(n, 2)[0];
    double[] p = softmax(x(n, 1), columns(n), temperature, true);
    double[] q = softmax(x(n, 0), columns(n), temperature, true);
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      sum += Math.exp(p[i]) * (p[i] - q[i]);
    }
    return new double[] {temperature * temperature * sum * columns(n) / p.length};
  }

  private double[] crossEntropy(Node n) {
    double[] log = softmax(x(n, 0), columns(n), 1, true);
    double[] labels = x(n, 1);
    double sum = 0;
    for (int row = 0; row < labels.length; row++) {
      sum -= log[row * columns(n) + (int) labels[row]];
    }
    return new double[] {sum / labels.length};
  }

  private static double[] mse(double[] x, double[] target) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (x[i] - target[i]) * (x[i] - target[i]);
    }
    return new double[] {sum / x.length};
  }

  private double[] batchNorm(Node n, boolean training) {
    int channels = n.input(1).shape().dim(0);
    double[] mean = training ? new double[channels] : x(n, 3);
    double[] variance = training ? new double[channels] : x(n, 4);
    double share = (double) channels / size(n.input(0));
    for (int i = 0; training && i < x(n, 0).length; i++) {
      mean[channel(n, i)] += x(n, 0)[i] * share;
    }
    for (int i = 0; training && i < x(n, 0).length; i++) {
      variance[channel(n, i)] += Math.pow(x(n, 0)[i] - mean[channel(n, i)], 2) * share;
    }
    double epsilon = n.attributes(Attributes.BatchNorm.class).epsilon();
    return each(
        n,
        i -> {
          int c = channel(n, i);
          double normal = (x(n, 0)[i] - mean[c]) / Math.sqrt(variance[c] + epsilon);
          return x(n, 1)[c] * normal + x(n, 2)[c];
        });
  }

  private double[] layerNorm(Node n) {
    int columns = columns(n);
    double epsilon = n.attributes(Attributes.LayerNorm.class).epsilon();
    return each(
        n,
        i -> {
          double mean = 0;
          double squares = 0;
          for (int c = 0; c < columns; c++) {
            double v = x(n, 0)[i / columns * columns + c];
            mean += v / columns;
            squares += v * v / columns;
          }
          double normal = (x(n, 0)[i] - mean) / Math.sqrt(squares - mean * mean + epsilon);
          return x(n, 1)[i % columns] * normal + x(n, 2)[i % columns];
        });
  }

  private double[] embedding(Node n) {
    int depth = columns(n);
    return each(n, i -> x(n, 0)[(int) x(n, 1)[i / depth] * depth + i % depth]);
  }

  private double[] attention(Node n) {
    Attributes.Attention attention = n.attributes(Attributes.Attention.class);
    Shape q = n.input(0).shape();
    int keys = n.input(1).shape().dim(2);
    int depth = q.dim(3);
    int queries = q.dim(2);
    double[] y = new double[size(n.output(0))];
    for (int row = 0; row < y.length / depth; row++) {
      int first = row / queries * keys;
      int sample = row / queries / q.dim(1);
      int seen = attention.causal() ? row % queries + keys - queries + 1 : keys;
      double[] scores = new double[seen];
      for (int key = 0; key < seen; key++) {
        for (int d = 0; d < depth; d++) {
          scores[key] +=
              attention.scale() * x(n, 0)[row * depth + d] * x(n, 1)[(first + key) * depth + d];
        }
        scores[key] += n.inputs().size() > 3 ? x(n, 3)[sample * keys + key] : 0;
      }
      double[] weights = softmax(scores, seen, 1, false);
      for (int i = 0; i < seen * depth; i++) {
        y[row * depth + i % depth] += weights[i / depth] * x(n, 2)[first * depth + i];
      }
    }
    return y;
  }

  private static int channel(Node n, int i) {
    return place(n.output(0).shape(), i)[1];
  }

  private static int[] place(Shape shape, int i) {
    int[] at = new int[shape.rank()];
    int rest = i;
    for (int d = at.length - 1; d >= 0; d--) {
      at[d] = rest % shape.dim(d);
      rest /= shape.dim(d);
    }
    return at;
  }

  private static int index(Shape shape, int[] at) {
    int index = 0;
    for (int d = 0; d < at.length; d++) {
      index = index * shape.dim(d) + at[d];
    }
    return index;
  }
}
