package io.retort.distill;

import io.retort.tensor.HostTensor;
import java.util.Map;

/**
 * The best of a model's epochs.
 *
 * @param epoch from 1; 0 before the first
 * @param weights by path without scope; empty before the first
 */
record Best(double accuracy, int epoch, Map<String, HostTensor> weights) {
  static final Best NONE = new Best(Double.NEGATIVE_INFINITY, 0, Map.of());
}
