package io.retort.graph;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A computation as data: nodes with static shapes, in an order of evaluation. Several models may
 * live in one graph. Equal nodes are one node. Nothing is computed until a {@link Plan} is
 * compiled; the graph may grow after that, for other plans. For one thread.
 */
public final class Graph extends Operations {
  private record Key(Op op, Attributes attributes, List<Value> inputs) {}

  private Mode mode;
  private int dropouts;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Key, Node> known = new HashMap<>();
  private final Map<String, Value> inputs = new LinkedHashMap<>();
  private final Map<String, Value> variables = new LinkedHashMap<>();
  private final Map<String, Value> outputs = new LinkedHashMap<>();
  private final Paths paths = new Paths();

  public Graph(Mode mode) {
    this.mode = mode;
  }

  public Mode mode() {
    return mode;
  }

  /** The mode of what is built from here on: a frozen teacher beside a student in training. */
  public void mode(Mode mode) {
    this.mode = mode;
  }

  /** A tensor that is fed before a run. The same name again returns the same value. */
  public Value input(String name, Shape shape, DType dtype) {
    return source(inputs, name, Op.INPUT, new Attributes.Input(name), new Type(shape, dtype));
  }

  /** An input of shape [1]: a temperature, a weight of a loss, a learning rate, a step. */
  public Value scalar(String name) {
    return input(name, Shape.of(1), DType.FLOAT32);
  }

  /** A trained variable. The same path again returns the same value: its weights are shared. */
  public Value parameter(String path, Shape shape, Initializer initializer) {
    Attributes.Variable attributes = new Attributes.Variable(path, initializer);
    return source(variables, path, Op.PARAMETER, attributes, Type.floats(shape));
  }

  /** A variable that is kept across runs and not trained: a running mean, an optimiser's slot. */
  public Value state(String path, Shape shape, Initializer initializer) {
    Attributes.Variable attributes = new Attributes.Variable(path, initializer);
    return source(variables, path, Op.STATE, attributes, Type.floats(shape));
  }

  private Value source(
      Map<String, Value> sources, String name, Op op, Attributes attributes, Type type) {
    Value old = sources.get(name);
    if (old == null) {
      Node node = new Node(this, nodes.size(), op, List.of(), attributes, List.of(type));
      nodes.add(node);
      sources.put(name, node.output(0));
      return node.output(0);
    }
    Node node = old.node();
    if (node.op() != op || !old.shape().equals(type.shape()) || old.dtype() != type.dtype()) {
      throw new IllegalArgumentException(
          "[%s] %s must stay %s %s %s: %s %s %s"
              .formatted(
                  op.text(),
                  name,
                  node.op().text(),
                  old.shape(),
                  old.dtype(),
                  op.text(),
                  type.shape(),
                  type.dtype()));
    }
    return old;
  }

  @Override
  public Value constant(Shape shape, float... values) {
    if (values.length != 1 && values.length != shape.size()) {
      throw new IllegalArgumentException(
          "[constant] there must be 1 value or " + shape.size() + ": " + values.length);
    }
    Attributes attributes = new Attributes.Constant(shape, values.clone());
    return known
        .computeIfAbsent(
            new Key(Op.CONSTANT, attributes, List.of()),
            key -> append(Op.CONSTANT, List.of(), attributes, List.of(Type.floats(shape))))
        .output(0);
  }

  @Override
  Value node(Op op, Attributes attributes, Value... inputs) {
    Node node = apply(op, attributes, List.of(inputs));
    return node.output(0);
  }

  private Node apply(Op op, Attributes attributes, List<Value> arguments) {
    for (Value argument : arguments) {
      if (argument.node().graph() != this) {
        throw new IllegalArgumentException(
            "[" + op.text() + "] every input must be of this graph: " + argument.node());
      }
    }
    List<Type> types = Legality.types(op, arguments, attributes, paths.where(arguments));
    boolean repeatable =
        op.writesFrom() == Integer.MAX_VALUE && arguments.stream().noneMatch(Graph::isState);
    return repeatable
        ? known.computeIfAbsent(
            new Key(op, attributes, arguments), key -> append(op, arguments, attributes, types))
        : append(op, arguments, attributes, types);
  }

  private Node append(Op op, List<Value> arguments, Attributes attributes, List<Type> types) {
    Node node = new Node(this, nodes.size(), op, arguments, attributes, types);
    nodes.add(node);
    return node;
  }

  /** Whether the value is memory that another node may change in between two equal reads. */
  private static boolean isState(Value value) {
    Node node = value.node();
    return node.op() == Op.STATE || (node.op().isView() && isState(node.input(0)));
  }

  /**
   * In training, x with the share {@code rate} of its elements set to 0 and the others divided by 1
   * − rate; in inference x. {@code seed} [2] int32 is fed anew for each step; every dropout of a
   * graph draws differently.
   */
  public Value dropout(Value x, float rate, Value seed) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("[dropout] rate must be in [0, 1): " + rate);
    }
    if (mode == Mode.INFERENCE || rate == 0) {
      return x;
    }
    return node(Op.DROPOUT, new Attributes.Dropout(rate, dropouts++), x, seed);
  }

  /**
   * Batch normalisation (Ioffe, Szegedy 2015) of x [N,C] or [N,C,H,W]; the others are [C]. In
   * training the batch's own mean and variance are used and move the running ones, running = (1 −
   * momentum)·running + momentum·batch; in inference the running ones are used.
   */
  public Value batchNorm(
      Value x,
      Value gamma,
      Value beta,
      Value runningMean,
      Value runningVariance,
      float momentum,
      float epsilon) {
    Op op = mode == Mode.TRAINING ? Op.BATCH_NORM : Op.BATCH_NORM_INFERENCE;
    Attributes attributes = new Attributes.BatchNorm(momentum, epsilon);
    return node(op, attributes, x, gamma, beta, runningMean, runningVariance);
  }

  /**
   * Trains the parameter by one step after everything else has read it. {@code scale} [1], or null
   * for 1.
   */
  public void sgd(
      Value parameter, Value gradient, Value learningRate, Value scale, SgdSettings settings) {
    List<Value> arguments =
        new ArrayList<>(List.of(gradient, learningRate, orOne(scale), parameter));
    if (settings.momentum() > 0) {
      arguments.add(slot(parameter, "velocity"));
    }
    update(Op.SGD, settings, arguments);
  }

  /**
   * Trains the parameter by one step after everything else has read it. {@code step} [1] counts
   * from 1; {@code scale} [1], or null for 1, multiplies the gradient.
   */
  public void adam(
      Value parameter,
      Value gradient,
      Value learningRate,
      Value step,
      Value scale,
      AdamSettings settings) {
    Value m = slot(parameter, "m");
    Value v = slot(parameter, "v");
    update(Op.ADAM, settings, List.of(gradient, learningRate, step, orOne(scale), parameter, m, v));
  }

  private void update(Op op, Attributes settings, List<Value> arguments) {
    Value parameter = arguments.get(op.writesFrom());
    for (Node node : nodes) {
      if (node.op().isUpdate() && node.input(node.op().writesFrom()) == parameter) {
        throw new IllegalArgumentException(
            "[" + op.text() + "] a parameter must be updated once in a run: " + parameter.node());
      }
    }
    apply(op, settings, arguments);
  }

  private Value slot(Value parameter, String name) {
    if (!(parameter.node().attributes() instanceof Attributes.Variable variable)) {
      throw new IllegalArgumentException(
          "[optimizer] what is trained must be a parameter: " + parameter.node());
    }
    return state(
        "optimizer/" + variable.path() + "/" + name, parameter.shape(), Initializers.zeros());
  }

  private Value orOne(Value scale) {
    return scale == null ? constant(Shape.of(1), 1) : scale;
  }

  /** Gives a value a path by which {@link #at} finds it: {@code student/conv1}. */
  public void name(String path, Value value) {
    paths.name(path, value);
  }

  /** The value named so; the error hints at a near name. */
  public Value at(String path) {
    return paths.at(path);
  }

  public Set<String> paths() {
    return paths.all();
  }

  /** Makes a plan keep the value for {@link Plan#output}. */
  public void output(String name, Value value) {
    Value old = outputs.putIfAbsent(name, value);
    if (old != null && old != value) {
      throw new IllegalArgumentException("[graph] an output must name one value: " + name);
    }
  }

  public List<Value> parameters() {
    return parameters("");
  }

  /** The parameters whose path begins so, in the order of their creation. */
  public List<Value> parameters(String pathPrefix) {
    return variables.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(pathPrefix))
        .map(Map.Entry::getValue)
        .filter(value -> value.node().op() == Op.PARAMETER)
        .toList();
  }

  Map<String, Value> variables() {
    return Collections.unmodifiableMap(variables);
  }

  Map<String, Value> inputs() {
    return Collections.unmodifiableMap(inputs);
  }

  Map<String, Value> outputs() {
    return Collections.unmodifiableMap(outputs);
  }

  List<Node> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  /** One line a node. */
  public String describe() {
    return nodes.stream()
        .map(node -> node + paths.comment(node))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  @Override
  public String toString() {
    return "graph of "
        + nodes.size()
        + " nodes, outputs "
        + Arrays.toString(outputs.keySet().toArray());
  }
}
