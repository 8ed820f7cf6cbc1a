package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Layers one after the other, each under a name of its own. */
record Sequence(Map<String, Layer> layers) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** A layer and the name it is given, null for the default: conv1, conv2, pool1 … */
  record Named(String name, Layer layer) {}

  /** Puts in the default names. */
  static Sequence of(List<Named> named) {
    Map<String, Layer> layers = new LinkedHashMap<>();
    Map<String, Integer> counts = new HashMap<>();
    for (Named each : named) {
      String usual = usualName(each.layer, counts);
      String name = each.name == null ? usual : each.name;
      if (!NAME.matcher(name).matches() || name.equals("shortcut")) {
        throw new IllegalArgumentException(
            "[architecture] a layer's name must be letters, digits and . _ - (and not shortcut): "
                + name);
      }
      if (layers.put(name, each.layer) != null) {
        throw new IllegalArgumentException(
            "[architecture] layer names must be unique: " + name + " stands twice");
      }
    }
    return new Sequence(layers);
  }

  private static String usualName(Layer layer, Map<String, Integer> counts) {
    return layer.prefix() + counts.merge(layer.prefix(), 1, Integer::sum);
  }

  boolean isEmpty() {
    return layers.isEmpty();
  }

  Shape output(Shape input, String at) {
    Shape shape = input;
    for (Map.Entry<String, Layer> each : layers.entrySet()) {
      shape = each.getValue().output(shape, at + "/" + each.getKey());
    }
    return shape;
  }

  /** Variables by their path below this sequence. */
  List<Variable> variables(Shape input) {
    List<Variable> variables = new ArrayList<>();
    Shape shape = input;
    for (Map.Entry<String, Layer> each : layers.entrySet()) {
      Layer layer = each.getValue();
      layer.variables(shape).forEach(v -> variables.add(v.below(each.getKey())));
      shape = layer.output(shape, each.getKey());
    }
    return variables;
  }

  long multiplyAdds(Shape input) {
    long sum = 0;
    Shape shape = input;
    for (Map.Entry<String, Layer> each : layers.entrySet()) {
      sum += each.getValue().multiplyAdds(shape);
      shape = each.getValue().output(shape, each.getKey());
    }
    return sum;
  }

  /** Adds every layer and names its output by its path, where a first build has not taken that. */
  Value build(Graph graph, String at, Value x) {
    Value value = x;
    for (Map.Entry<String, Layer> each : layers.entrySet()) {
      String path = at + "/" + each.getKey();
      value = each.getValue().build(graph, path, value);
      if (!graph.paths().contains(path)) {
        graph.name(path, value);
      }
    }
    return value;
  }

  /** As {@link LayerJson} reads it; default names are left out. */
  List<Object> toJson() {
    List<Object> list = new ArrayList<>();
    Map<String, Integer> counts = new HashMap<>();
    layers.forEach(
        (name, layer) -> {
          boolean usual = name.equals(usualName(layer, counts));
          Object settings = layer.settings();
          if (usual && settings.equals(Map.of())) {
            list.add(layer.kind());
            return;
          }
          Map<String, Object> entry = new LinkedHashMap<>();
          entry.put(layer.kind(), settings);
          if (!usual) {
            entry.put("name", name);
          }
          list.add(entry);
        });
    return list;
  }
}
