package io.retort.graph;

import io.retort.tensor.Shape;
import java.util.SplittableRandom;

/**
 * Gives a variable its first values. Must draw from {@code random} alone, so that a seed repeats a
 * run.
 */
@FunctionalInterface
public interface Initializer {
  /** Writes all of {@code values}, the elements of {@code shape} in row-major order. */
  void fill(float[] values, Shape shape, SplittableRandom random);
}
