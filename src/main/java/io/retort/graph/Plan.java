package io.retort.graph;

import io.retort.device.Device;
import io.retort.device.Execution;
import io.retort.device.ExecutionSettings;
import io.retort.device.Kernels;
import io.retort.device.Memory;
import io.retort.device.TensorView;
import io.retort.tensor.Shape;
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
 *
 * <p>A GPU computes while Java goes on: where the plan is made to run {@linkplain
 * ExecutionSettings#ahead() ahead}, {@link #start} may come once more before {@link #finish}.
 */
public final class Plan implements AutoCloseable {
  private final Device device;
  private final Variables variables;
  private final Program program;
  private final Layout layout;
  private final Memory memory;
  private final Kernels kernels;
  private final Calls kernelCalls;
  private final Call[] calls;
  private final List<Node> callers = new ArrayList<>();
  private final Map<Value, TensorView> views = new HashMap<>();
  private final Map<String, Feed> feeds = new LinkedHashMap<>();
  private final Feed[] carried;
  private final Map<String, Fetch> fetches = new LinkedHashMap<>();
  private Execution execution;
  private boolean closed;

  private Plan(
      Graph graph, Device device, Variables variables, Passes passes, ExecutionSettings settings) {
    this.device = device;
    this.variables = variables;
    program = passed(graph, passes);
    layout = new Layout(program, graph.inputs().values(), passes.share(), passes.inPlace());
    memory = device.allocate(layout.bytes());
    kernels = device.kernels(settings.precision());
    kernelCalls = new Calls(kernels, this::view);
    try {
      List<Call> all = new ArrayList<>();
      for (Node node : program.nodes()) {
        for (Call call : kernelCalls.of(node)) {
          all.add(call);
          callers.add(node);
        }
      }
      calls = all.toArray(Call[]::new);
      execution =
          device.prepare(memory, layout.inputs(), layout.outputs(), this::runCalls, settings);
      graph
          .inputs()
          .forEach(
              (name, value) ->
                  feeds.put(name, new Feed(this, name, value, execution, inputOffset(value))));
      carried = feeds.values().toArray(new Feed[0]);
      program
          .outputs()
          .forEach(
              (name, value) ->
                  fetches.put(name, new Fetch(this, value, execution, outputOffset(value))));
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
    return compile(graph, device, variables, ExecutionSettings.DEFAULT);
  }

  /** As {@link #compile(Graph, Device, Variables)}, to run as the settings say. */
  public static Plan compile(
      Graph graph, Device device, Variables variables, ExecutionSettings settings) {
    return compile(graph, device, variables, Passes.ALL, settings);
  }

  static Plan compile(Graph graph, Device device, Variables variables, Passes passes) {
    return compile(graph, device, variables, passes, ExecutionSettings.DEFAULT);
  }

  private static Plan compile(
      Graph graph, Device device, Variables variables, Passes passes, ExecutionSettings settings) {
    graph.variables().forEach((path, value) -> requireDeclared(variables, path, value.shape()));
    return new Plan(graph, device, variables, passes, settings);
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

  private long inputOffset(Value value) {
    return layout.offset(value) - layout.inputs().offset();
  }

  private long outputOffset(Value value) {
    return layout.offset(value) - layout.outputs().offset();
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

  private void runCalls() {
    for (Call call : calls) {
      call.run();
    }
  }

  /**
   * Runs every call in order and waits for them.
   *
   * @throws IllegalStateException if the plan or its variables are closed
   * @throws io.retort.device.DeviceLostException if the device no longer answers
   */
  public void run() {
    start();
    execution.finish();
  }

  /**
   * Starts a run on what was written to the inputs; the CPU ends it, too. Where runs go ahead, an
   * input that is written for the next run is written whole, and one that is not written keeps its
   * value.
   */
  public void start() {
    requireOpen();
    if (execution.slots() > 1) {
      for (Feed feed : carried) {
        feed.carry();
      }
    }
    execution.start();
  }

  /** Waits for the oldest run that was started; the outputs are then that run's. */
  public void finish() {
    requireOpen();
    execution.finish();
  }

  /** Whether a run may be started before the one before it is finished. */
  public boolean runsAhead() {
    return execution.slots() > 1;
  }

  /**
   * Runs every call in order, and tells how many nanoseconds it took to whoever listens.
   *
   * @param listener hears the node that a call is of; some nodes are several calls
   */
  public void run(ObjLongConsumer<Node> listener) {
    requireOpen();
    execution.runInstead(
        () -> {
          for (int i = 0; i < calls.length; i++) {
            long before = System.nanoTime();
            calls[i].run();
            kernels.synchronize();
            listener.accept(callers.get(i), System.nanoTime() - before);
          }
        });
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
      if (execution != null) {
        execution.close();
      }
      kernelCalls.close();
      memory.close();
    }
  }
}
