package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.graph.CallTimes;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Plan;
import io.retort.graph.Value;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Prints where the time of a plan goes, call by call: of a training step, or of a model's forward
 * pass.
 */
@Command(name = "PlanProfile", mixinStandardHelpOptions = true, sortOptions = false)
final class PlanProfile implements Runnable {
  @Option(
      names = "--recipe",
      defaultValue = "mnist",
      description = "a built-in recipe or a file (default: mnist)")
  private String recipe;

  @Option(
      names = "--phase",
      description = "profile a training step of this phase: teacher, distill")
  private String phase;

  @Option(
      names = "--model",
      description = "profile the forward pass of this architecture: student, teacher")
  private String model;

  @Option(names = "--batch", defaultValue = "64", description = "default: 64")
  private int batch;

  @Option(names = "--threads", defaultValue = "1", description = "default: 1")
  private int threads;

  @Option(names = "--runs", defaultValue = "200", description = "default: 200")
  private int runs;

  @Option(names = "--calls", description = "also print the plan's calls in their order")
  private boolean calls;

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new PlanProfile()).execute(arguments));
  }

  @Override
  public void run() {
    if ((phase == null) == (model == null)) {
      throw new IllegalArgumentException("either --phase or --model must be given");
    }
    Dataset data = Dataset.mnist(Split.TEST);
    try (Device device = Device.open(DeviceKind.CPU, threads);
        Variables variables = new Variables(device);
        Plan plan =
            phase == null ? forward(device, variables, data) : step(device, variables, data)) {
      System.out.println(
          (phase == null ? model + " forward" : recipe + " " + phase + " step")
              + ", batch "
              + batch
              + ", "
              + device.describe());
      if (calls) {
        System.out.print(plan.describe());
      }
      CallTimes.of(plan, runs).print(System.out);
    }
  }

  private Plan forward(Device device, Variables variables, Dataset data) {
    Architecture architecture = Architecture.named(model);
    Graph graph = new Graph(Mode.INFERENCE);
    Value x = graph.input(StepGraph.IMAGES, architecture.input().batched(batch), DType.FLOAT32);
    graph.output("logits", architecture.build(graph, model, x));
    variables.declare(graph, 1);
    Plan plan = Plan.compile(graph, device, variables);
    data.images(rows(), 0, batch, plan.input(StepGraph.IMAGES).floats());
    return plan;
  }

  private Plan step(Device device, Variables variables, Dataset data) {
    Recipe chosen = Recipe.load(recipe);
    Phase its =
        chosen.phases().stream()
            .filter(each -> each.name().equals(phase))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("recipe " + recipe + " has no phase " + phase));
    Map<String, Architecture> architectures = new LinkedHashMap<>();
    chosen
        .models()
        .forEach((name, participant) -> architectures.put(name, participant.architecture()));
    Graph graph = StepGraph.build(its, architectures, data.sample(), batch);
    variables.declare(graph, 1);
    Plan plan = Plan.compile(graph, device, variables);
    data.images(rows(), 0, batch, plan.input(StepGraph.IMAGES).floats());
    data.labels(rows(), 0, batch, plan.input(StepGraph.LABELS).ints());
    its.answeredOnce().forEach(each -> logits(plan.input(StepGraph.logitsName(each)).floats()));
    plan.input(StepGraph.STEP).write(1);
    // Nothing learnt from the same batch again and again: gradients would fade to denormal numbers,
    // which are slow.
    plan.input(StepGraph.LEARNING_RATE).write(0);
    for (Term term : its.terms()) {
      plan.input(Scene.knobName(term, StepGraph.WEIGHT)).write((float) its.weight(term, 0));
      term.knobs()
          .forEach(
              (name, knob) ->
                  plan.input(Scene.knobName(term, name)).write((float) knob.at(0, its.epochs())));
    }
    return plan;
  }

  private int[] rows() {
    int[] rows = new int[batch];
    for (int i = 0; i < batch; i++) {
      rows[i] = i;
    }
    return rows;
  }

  /** A teacher's answers stand for any others: the step does the same work. */
  static void logits(FloatBuffer into) {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < into.capacity(); i++) {
      into.put(i, (float) random.nextDouble(-5, 5));
    }
  }
}
