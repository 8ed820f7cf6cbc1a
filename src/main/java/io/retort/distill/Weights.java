package io.retort.distill;

import io.retort.graph.Variables;
import io.retort.model.WeightHash;
import io.retort.tensor.HostTensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model's variables outside a device.
 *
 * @param hash tells them from any others
 * @param tensors by path without scope: {@code conv1/weight}
 */
record Weights(String hash, Map<String, HostTensor> tensors) {
  /** A copy of a model's variables, without the optimiser's. */
  static Map<String, HostTensor> copy(Variables variables, String scope) {
    String prefix = scope + "/";
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (String path : variables.paths()) {
      if (path.startsWith(prefix)) {
        tensors.put(path.substring(prefix.length()), variables.get(path));
      }
    }
    return tensors;
  }

  /** Weights under their {@link WeightHash}. */
  static Weights hashed(Map<String, HostTensor> tensors) {
    return new Weights(WeightHash.of(tensors), tensors);
  }

  /** Sets a model's declared variables, every one of them. */
  void into(Variables variables, String scope) {
    String prefix = scope + "/";
    for (String path : variables.paths()) {
      if (path.startsWith(prefix)) {
        HostTensor tensor = tensors.get(path.substring(prefix.length()));
        if (tensor == null) {
          throw new IllegalArgumentException(
              "[weights] the weights of "
                  + scope
                  + " must hold "
                  + path.substring(prefix.length())
                  + ": they hold "
                  + tensors.keySet());
        }
        variables.set(path, tensor);
      }
    }
  }
}
