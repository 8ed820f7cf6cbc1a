package io.retort.graph;

import io.retort.json.Nearest;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The names that values go by in a graph, and what they tell about the place of an error. */
final class Paths {
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<Value, String> names = new HashMap<>();

  void name(String path, Value value) {
    Value old = values.putIfAbsent(path, value);
    if (old != null && old != value) {
      throw new IllegalArgumentException("[graph] a path must name one value: " + path);
    }
    names.putIfAbsent(value, path);
  }

  Value at(String path) {
    return find("path", values, path);
  }

  Set<String> all() {
    return Collections.unmodifiableSet(values.keySet());
  }

  /**
   * The end of a message about a node with these inputs: at the layer whose weights it has, or
   * after a named value.
   */
  String where(List<Value> inputs) {
    for (Value input : inputs) {
      if (input.node().attributes() instanceof Attributes.Variable variable) {
        int end = variable.path().lastIndexOf('/');
        return ", at " + (end < 0 ? variable.path() : variable.path().substring(0, end));
      }
    }
    for (Value input : inputs) {
      if (names.containsKey(input)) {
        return ", after " + names.get(input);
      }
    }
    return "";
  }

  /** The names of a node's outputs, to go behind it in a listing. */
  String comment(Node node) {
    StringBuilder comment = new StringBuilder();
    for (Value value : node.outputs()) {
      if (names.containsKey(value)) {
        comment.append("  # ").append(names.get(value));
      }
    }
    return comment.toString();
  }

  static <T> T find(String what, Map<String, T> all, String name) {
    T found = all.get(name);
    if (found == null) {
      throw new IllegalArgumentException(
          "[graph] " + what + " must be known: " + name + Nearest.hint(name, all.keySet()));
    }
    return found;
  }
}
