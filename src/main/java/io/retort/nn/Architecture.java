package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.json.Fields;
import io.retort.json.Nearest;
import io.retort.tensor.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A model without weights: named layers over the shape of one sample. Built in Java ({@link #of}),
 * read from JSON ({@link #parse}) or taken from the built-in ones ({@link #named}).
 */
public final class Architecture {
  /** The architectures that come in the jar. */
  public static final List<String> BUILT_IN =
      List.of(
          "teacher",
          "student",
          "lenet5",
          "lenet5-half",
          "lenet5-half-zskd",
          "hinton-teacher",
          "hinton-student");

  /**
   * The input [2] INT32 that every dropout of a training graph draws from: a new pair for each
   * step.
   */
  public static final String DROPOUT_SEED = "dropoutSeed";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  private final String name;
  private final String about;
  private final Shape input;
  private final Shape output;
  private final Sequence layers;

  Architecture(String name, String about, Shape input, Sequence layers) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "[architecture] a name must be of a-z, 0-9 and . _ -, and begin with a letter or digit: "
              + name);
    }
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "[architecture] there must be a layer: " + name + " has none");
    }
    for (int dim : input.dims()) {
      Range.check("architecture", "the input's dimensions", dim, 1, 1 << 15);
    }
    Range.elements("architecture", input, name);
    this.name = name;
    this.about = about;
    this.input = input;
    this.layers = layers;
    this.output = layers.output(input, name);
  }

  /**
   * One of {@link #BUILT_IN}.
   *
   * @throws IllegalArgumentException with the nearest name if there is none of that name
   */
  public static Architecture named(String builtIn) {
    if (!BUILT_IN.contains(builtIn)) {
      throw new IllegalArgumentException(
          "[architecture] " + builtIn + " is not built in" + Nearest.hint(builtIn, BUILT_IN));
    }
    return parse(Fields.resource("architecture " + builtIn, "architectures/" + builtIn + ".json"));
  }

  /**
   * Reads {@code {"name": …, "about": …, "input": [C, H, W], "layers": […]}}; about may be left
   * out.
   */
  public static Architecture parse(Fields fields) {
    String name = fields.text("name");
    String about = fields.text("about", "");
    Shape input = shape(fields, "input");
    Sequence layers = LayerJson.sequence(fields, "layers");
    fields.end();
    return new Architecture(name, about, input, layers);
  }

  private static Shape shape(Fields fields, String key) {
    if (fields.raw(key) instanceof List<?> dims
        && dims.size() >= 1
        && dims.size() <= 3
        && dims.stream().allMatch(d -> d instanceof Integer dim && dim > 0)) {
      return Shape.of(dims.stream().mapToInt(d -> (Integer) d).toArray());
    }
    throw fields.wrong(key, "a list of 1 to 3 whole numbers above 0");
  }

  /** Linear layers of the given widths with relu between them, over the flattened input. */
  public static Architecture mlp(Shape input, int... widths) {
    String sizes = Arrays.stream(widths).mapToObj(w -> "-" + w).collect(Collectors.joining());
    Builder builder = of("mlp-" + input.size() + sizes, input.dims());
    if (input.rank() > 1) {
      builder.flatten();
    }
    for (int i = 0; i < widths.length; i++) {
      builder.linear(widths[i]);
      if (i < widths.length - 1) {
        builder.relu();
      }
    }
    return builder.build();
  }

  /** Begins an architecture over samples of the given shape. */
  public static Builder of(String name, int... inputShape) {
    return new Builder(name, Shape.of(inputShape));
  }

  public String name() {
    return name;
  }

  /** Where it comes from, in a sentence; may be empty. */
  public String about() {
    return about;
  }

  /** The shape of one sample. */
  public Shape input() {
    return input;
  }

  /** The shape of the last layer's output for one sample. */
  public Shape output() {
    return output;
  }

  /**
   * The number of logits.
   *
   * @throws IllegalStateException if the output is not flat
   */
  public int classes() {
    if (output.rank() != 1) {
      throw new IllegalStateException(
          "[architecture] the output of " + name + " must be flat to be classes: " + output);
    }
    return output.dim(0);
  }

  /**
   * Adds the model to a graph. Every layer's output is named {@code scope/layer}, every variable
   * {@code scope/layer/weight} and so on. A scope built again, on another input, shares the
   * weights; its names stay those of the first.
   *
   * @param x [N, input…]
   * @return the last layer's output, [N, output…]
   */
  public Value build(Graph graph, String scope, Value x) {
    if (x.shape().rank() != input.rank() + 1 || !Layer.sample(x).equals(input)) {
      throw new IllegalArgumentException(
          "[architecture] the input of "
              + name
              + " must be a batch of "
              + input
              + ": "
              + x.shape()
              + ", at "
              + scope);
    }
    return layers.build(graph, scope, x);
  }

  /** The number of trained values. */
  public long parameters() {
    return layers.variables(input).stream()
        .filter(Variable::trained)
        .mapToLong(v -> v.shape().size())
        .sum();
  }

  /** Multiplications with their additions, in the products of the layers, for one sample. */
  public long multiplyAdds() {
    return layers.multiplyAdds(input);
  }

  /**
   * What a file of weights holds: parameters and state by path below the scope ({@code
   * conv1/weight}), in layer order.
   */
  public Map<String, Shape> variables() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    layers.variables(input).forEach(v -> shapes.put(v.name(), v.shape()));
    return shapes;
  }

  /** As {@link #parse} reads it. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    if (!about.isEmpty()) {
      map.put("about", about);
    }
    map.put("input", Arrays.stream(input.dims()).boxed().toList());
    map.put("layers", layers.toJson());
    return map;
  }

  /** Equal if name, input and layers are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Architecture that
        && name.equals(that.name)
        && input.equals(that.input)
        && layers.toJson().equals(that.layers.toJson());
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, input, layers);
  }

  @Override
  public String toString() {
    return name + " " + input + " → " + output + ", " + parameters() + " parameters";
  }
}
