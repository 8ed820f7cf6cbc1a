package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * body(x) + shortcut(x) (He et al. 2016); an empty shortcut is x itself. The layers of the shortcut
 * stand below {@code shortcut/}.
 */
record Residual(Sequence body, Sequence shortcut) implements Layer {
  @Override
  public String kind() {
    return "residual";
  }

  @Override
  public String prefix() {
    return "block";
  }

  private static String shortcutAt(String at) {
    return at + "/shortcut";
  }

  @Override
  public Shape output(Shape input, String at) {
    Shape output = body.output(input, at);
    Shape beside = shortcut.output(input, shortcutAt(at));
    if (!output.equals(beside)) {
      throw new IllegalArgumentException(
          "[residual] body and shortcut must have one shape: "
              + output
              + " and "
              + beside
              + ", at "
              + at);
    }
    return output;
  }

  @Override
  public List<Variable> variables(Shape input) {
    Stream<Variable> beside = shortcut.variables(input).stream().map(v -> v.below("shortcut"));
    return Stream.concat(body.variables(input).stream(), beside).toList();
  }

  @Override
  public long multiplyAdds(Shape input) {
    return body.multiplyAdds(input) + shortcut.multiplyAdds(input);
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    return graph.add(body.build(graph, at, x), shortcut.build(graph, shortcutAt(at), x));
  }

  @Override
  public Object settings() {
    if (shortcut.isEmpty()) {
      return body.toJson();
    }
    return Map.of("layers", body.toJson(), "shortcut", shortcut.toJson());
  }
}
