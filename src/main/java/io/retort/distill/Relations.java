package io.retort.distill;

import io.retort.device.Native.UnaryOp;
import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;

/**
 * Relations between the samples of a batch, of rows f [B, D] (Park et al. 2019). Everything comes
 * from the products of the centred rows, G = (f − mean)(f − mean)ᵀ [B, B]: relations do not see a
 * shift, and centring keeps the digits that the differences need.
 */
final class Relations {
  /** Keeps the square root's derivative finite at distance 0. */
  private static final float LEAST_SQUARED_DISTANCE = 1e-12f;

  private Relations() {}

  /**
   * Distances of all pairs over the mean distance of two different samples, [B, B]; the diagonal is
   * 0.
   */
  static Value distances(Graph g, Value f) {
    int b = f.shape().dim(0);
    Value d = g.multiply(pairDistances(g, products(g, f)), offDiagonal(g, b));
    Value mean = g.multiply(g.sum(d), g.constant(Shape.of(1), 1f / (b * (b - 1f))));
    return g.divide(d, mean);
  }

  /** Cosine of the angle at j between i and k, at [j, i, k]; 0 where i or k is j. */
  static Value angles(Graph g, Value f) {
    int b = f.shape().dim(0);
    Value products = products(g, f);
    Value inverse =
        g.multiply(g.unary(UnaryOp.reciprocal, pairDistances(g, products)), offDiagonal(g, b));
    Value own = own(g, products);
    Value cosines =
        g.add(
            g.subtract(
                g.subtract(
                    g.reshape(products, Shape.of(1, b, b)), g.reshape(products, Shape.of(b, b, 1))),
                g.reshape(products, Shape.of(b, 1, b))),
            g.reshape(own, Shape.of(b, 1, 1)));
    return g.multiply(
        g.multiply(cosines, g.reshape(inverse, Shape.of(b, b, 1))),
        g.reshape(inverse, Shape.of(b, 1, b)));
  }

  /** Mean of Huber's function of the difference, over every entry. */
  static Value huber(Graph g, Value s, Value t) {
    return g.mean(g.unary(UnaryOp.huber, g.subtract(s, t)));
  }

  private static Value products(Graph g, Value f) {
    Value centered = g.subtract(f, g.mean(f, 0));
    return g.matmul(centered, centered, false, true);
  }

  private static Value pairDistances(Graph g, Value products) {
    int b = products.shape().dim(0);
    Value own = own(g, products);
    Value twice = g.multiply(products, g.constant(Shape.of(1), 2));
    Value squared = g.subtract(g.add(own, g.reshape(own, Shape.of(1, b))), twice);
    return g.unary(
        UnaryOp.sqrt, g.maximum(squared, g.constant(Shape.of(1), LEAST_SQUARED_DISTANCE)));
  }

  /** The diagonal, [B, 1]. */
  private static Value own(Graph g, Value products) {
    return g.sum(g.multiply(products, mask(g, products.shape().dim(0), 1, 0)), 1);
  }

  private static Value offDiagonal(Graph g, int b) {
    return mask(g, b, 0, 1);
  }

  private static Value mask(Graph g, int b, float diagonal, float elsewhere) {
    float[] values = new float[b * b];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / b == i % b ? diagonal : elsewhere;
    }
    return g.constant(Shape.of(b, b), values);
  }
}
