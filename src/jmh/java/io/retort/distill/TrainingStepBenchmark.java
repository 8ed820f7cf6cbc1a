package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.data.Shuffle;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.graph.Graph;
import io.retort.graph.Variables;
import io.retort.nn.Architecture;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A step of the default recipe as a job carries it out: 64 samples gathered, forward, loss,
 * backward, Adam. In the phase {@code distill} the teacher's logits are at hand, as they are from
 * the phase's start. Steps go on through MNIST, so that weights and moments have the values of
 * training.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(1)
public class TrainingStepBenchmark {
  @Param({"teacher", "distill"})
  String phase;

  @Param({"1", "2"})
  int threads;

  private Dataset data;
  private int[] order;
  private Device device;
  private Variables variables;
  private StepPlan plan;
  private double[] weights;
  private int position;
  private int steps;

  @Setup
  public void compile() {
    data = Dataset.mnist(Split.TRAIN);
    order = Shuffle.order(data.size(), 1, 0);
    device = Device.open(DeviceKind.CPU, threads);
    variables = new Variables(device);
    Recipe recipe = Recipe.builtIn("mnist");
    Phase its =
        recipe.phases().stream()
            .filter(each -> each.name().equals(phase))
            .findFirst()
            .orElseThrow();
    weights = new double[its.terms().size()];
    Map<String, Architecture> architectures = new LinkedHashMap<>();
    recipe.models().forEach((name, model) -> architectures.put(name, model.architecture()));
    Graph graph = StepGraph.build(its, architectures, data.sample(), its.batch());
    variables.declare(graph, 1);
    Map<String, FloatBuffer> answers = new LinkedHashMap<>();
    for (String model : its.answeredOnce()) {
      FloatBuffer logits = FloatBuffer.allocate(data.size() * architectures.get(model).classes());
      PlanProfile.logits(logits);
      answers.put(model, logits);
    }
    plan = new StepPlan(its, graph, its.batch(), device, variables, answers);
  }

  @Benchmark
  public float step() {
    if (position + plan.batch() > data.size()) {
      position = 0;
    }
    plan.gather(data, order, position, null);
    plan.schedule(
        steps * (double) plan.batch() / data.size(),
        plan.batch() / (double) data.size(),
        steps + 1L,
        weights);
    plan.seed(1, steps);
    plan.start();
    plan.finish();
    position += plan.batch();
    steps++;
    return plan.loss(0);
  }

  @TearDown
  public void close() {
    plan.close();
    variables.close();
    device.close();
  }
}
