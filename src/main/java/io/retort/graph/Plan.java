package io.retort.graph;

import io.retort.device.Device;
import io.retort.device.Memory;
import io.retort.device.TensorView;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/**
 * A graph made ready for one device: memory placed once, then a flat list of kernel calls. {@link
 * #run} allocates nothing, neither on the heap nor beside it. For one thread at a time; plans that
 * share variables may run side by side where none of them trains.
 */
public final class Plan implements AutoCloseable {
  private final Device device;
  private final Variables variables;
  private final Program program;
  private final Layout layout;
  private final Memory memory;
  private final Calls kernelCalls;
  private final Call[] calls;
  private final List<Node> callers = new ArrayList<>();
  private final Map<Value, TensorView> views = new HashMap<>();
  private final Map<String, Feed> feeds = new LinkedHashMap<>();
  private final Map<String, Fetch> fetches = new LinkedHashMap<>();
  private boolean closed;

  private Plan(Graph graph, Device device, Variables variables, Passes passes) {
    this.device = device;
    this.variables = variables;
    program = passed(graph, passes);
    layout = new Layout(program, graph.inputs().values(), passes.share(), passes.inPlace());
    memory = device.allocate(layout.bytes());
    kernelCalls = new Calls(device.kernels(), this::view);
    try {
      List<Call> all = new ArrayList<>();
      for (Node node : program.nodes()) {
        for (Call call : kernelCalls.of(node)) {
          all.add(call);
          callers.add(node);
        }
      }
      calls = all.toArray(Call[]::new);
      graph
          .inputs()
          .forEach((name, value) -> feeds.put(name, new Feed(this, name, value, host(value))));
      program
          .outputs()
          .forEach((name, value) -> fetches.put(name, new Fetch(this, value, host(value))));
      program.nodes().forEach(this::fillConstant);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Compiles what the graph's outputs and updates need.
   *
   * @throws IllegalArgumentException if a variable of the graph is not declared, or has another
   *     shape
   */
  public static Plan compile(Graph graph, Device device, Variables variables) {
    return compile(graph, device, variables, Passes.ALL);
  }

  static Plan compile(Graph graph, Device device, Variables variables, Passes passes) {
    graph.variables().forEach((path, value) -> requireDeclared(variables, path, value.shape()));
    return new Plan(graph, device, variables, passes);
  }

  private static void requireDeclared(Variables variables, String path, Shape shape) {
    if (!variables.shape(path).equals(shape)) {
      throw new IllegalArgumentException(
          "[plan] %s must be %s: %s".formatted(path, variables.shape(path), shape));
    }
  }

  private static Program passed(Graph graph, Passes passes) {
    Program program = Schedule.withoutMarkers(Program.of(graph));
    program = passes.fuse() ? Fusion.apply(PooledGradient.apply(program)) : program;
    return Schedule.ordered(Schedule.withCopies(program));
  }

  private TensorView view(Value value) {
    TensorView view = views.get(value);
    if (view == null) {
      Node root = Program.root(value).node();
      view =
          root.attributes() instanceof Attributes.Variable variable
              ? variables.view(variable.path(), value.shape())
              : device.view(memory, layout.offset(value), value.shape(), value.dtype());
      views.put(value, view);
    }
    return view;
  }

  private ByteBuffer host(Value value) {
    int bytes = Math.toIntExact(value.shape().size() * value.dtype().bytes());
    return memory.host(layout.offset(value), bytes);
  }

  private void fillConstant(Node node) {
    if (node.attributes() instanceof Attributes.Constant constant) {
      float[] values = constant.values();
      float[] all = values;
      if (values.length == 1) {
        all = new float[Math.toIntExact(constant.shape().size())];
        Arrays.fill(all, values[0]);
      }
      memory.write(layout.offset(node.output(0)), all, 0, all.length);
    }
  }

  /** The graph's input of that name. */
  public Feed input(String name) {
    return Paths.find("input", feeds, name);
  }

  /** The graph's output of that name. */
  public Fetch output(String name) {
    return Paths.find("output", fetches, name);
  }

  /**
   * Runs every call in order.
   *
   * @throws IllegalStateException if the plan or its variables are closed
   */
  public void run() {
    requireOpen();
    for (Call call : calls) {
      call.run();
    }
  }

  /**
   * Runs every call in order, and tells how many nanoseconds it took to whoever listens.
   *
   * @param listener hears the node that a call is of; some nodes are several calls
   */
  public void run(ObjLongConsumer<Node> listener) {
    requireOpen();
    for (int i = 0; i < calls.length; i++) {
      long before = System.nanoTime();
      calls[i].run();
      listener.accept(callers.get(i), System.nanoTime() - before);
    }
  }

  void requireOpen() {
    if (closed || !variables.isOpen()) {
      throw new IllegalStateException("[plan] the plan and its variables must be open: closed");
    }
  }

  /** The part of the plan's memory that values share over time. */
  public long arenaBytes() {
    return layout.arenaBytes();
  }

  /** The plan's whole memory: inputs, outputs, constants and the arena, without the variables. */
  public long bytes() {
    return layout.bytes();
  }

  /** The calls in order, and where their results lie. */
  public String describe() {
    List<String> lines = new ArrayList<>();
    for (Node node : program.nodes()) {
      if (!node.op().isSource()) {
        StringBuilder line = new StringBuilder(node.toString());
        node.outputs().stream()
            .filter(value -> !Program.root(value).node().op().isVariable())
            .forEach(value -> line.append(" @").append(layout.offset(value)));
        lines.add(line.toString());
      }
    }
    lines.add(calls.length + " calls, " + bytes() + " bytes, " + arenaBytes() + " of them shared");
    return String.join("\n", lines) + "\n";
  }

  /** Frees the plan's memory; the variables stay. A second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      kernelCalls.close();
      memory.close();
    }
  }
}
