package io.retort.distill;

import io.retort.model.SafeTensors;
import io.retort.tensor.HostTensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A phase at one moment: the variables under {@code now/}, the best epochs' weights under {@code
 * best/<model>/}, and numbers as text.
 */
record Checkpoint(Map<String, HostTensor> tensors, Map<String, String> numbers) {
  static final String NOW = "now/";
  static final String PHASE = "phase";

  static Checkpoint read(Path file) {
    SafeTensors stored = SafeTensors.read(file);
    return new Checkpoint(stored.tensors(), stored.metadata());
  }

  void write(Path file) {
    SafeTensors.write(file, tensors, numbers);
  }

  String text(String key) {
    String value = numbers.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "[resume] the checkpoint must hold " + key + ": it does not");
    }
    return value;
  }

  long whole(String key) {
    return Long.parseLong(text(key));
  }

  double number(String key) {
    return Double.parseDouble(text(key));
  }

  /** The tensors whose names begin so, by the rest of their names. */
  Map<String, HostTensor> under(String prefix) {
    Map<String, HostTensor> found = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(prefix)) {
            found.put(name.substring(prefix.length()), tensor);
          }
        });
    return found;
  }
}
