package io.retort.graph;

import java.util.Arrays;

/** The usual first values of variables. */
public final class Initializers {
  private Initializers() {}

  public static Initializer zeros() {
    return constant(0);
  }

  public static Initializer ones() {
    return constant(1);
  }

  public static Initializer constant(float value) {
    return (values, shape, random) -> Arrays.fill(values, value);
  }

  /** Uniform in [−bound, bound). */
  public static Initializer uniform(double bound) {
    return (values, shape, random) -> {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
      }
    };
  }

  /** Uniform with the bound √(6/fanIn), which keeps the variance through relu (He et al. 2015). */
  public static Initializer kaimingUniform(int fanIn) {
    return uniform(Math.sqrt(6.0 / fanIn));
  }

  /** Normal with mean 0. */
  public static Initializer normal(double standardDeviation) {
    return (values, shape, random) -> {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() * standardDeviation);
      }
    };
  }
}
