package io.retort.graph;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
 * A forward pass from digits in a direct buffer to logits in another, both used again and again:
 * ours, and ONNX Runtime's on the same network. The peer's models, {@code student.onnx} and {@code
 * teacher.onnx} with input x and output y, lie in the directory that {@code -Dpeer.models} names.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(value = 1, jvmArgsAppend = PlanBenchmark.STACK)
public class PlanBenchmark {
  /** ONNX Runtime's first run ends the process on a thread with Java's usual megabyte of stack. */
  static final String STACK = "-Xss8m";

  /** What is run. */
  @State(Scope.Thread)
  public static class Size {
    @Param({"student", "teacher"})
    String model;

    @Param({"1", "8", "64", "256"})
    int batch;

    @Param({"1", "2"})
    int threads;

    void digits(FloatBuffer into) {
      Dataset.mnist(Split.TEST).images(IntStream.range(0, batch).toArray(), 0, batch, into);
    }
  }

  /** Our plan. */
  @State(Scope.Thread)
  public static class Retort {
    private Device device;
    private Variables variables;
    private Plan plan;
    private FloatBuffer logits;

    @Setup
    public void compile(Size size) {
      device = Device.open(DeviceKind.CPU, size.threads);
      variables = new Variables(device);
      Architecture architecture = Architecture.named(size.model);
      Graph graph = new Graph(io.retort.graph.Mode.INFERENCE);
      Value x = graph.input("x", architecture.input().batched(size.batch), DType.FLOAT32);
      graph.output("y", architecture.build(graph, size.model, x));
      variables.declare(graph, 1);
      plan = Plan.compile(graph, device, variables);
      size.digits(plan.input("x").floats());
      logits = plan.output("y").floats();
    }

    @TearDown
    public void close() {
      plan.close();
      variables.close();
      device.close();
    }
  }

  /** ONNX Runtime's session. */
  @State(Scope.Thread)
  public static class Peer {
    private OrtSession session;
    private Map<String, OnnxTensor> inputs;
    private Map<String, OnnxTensor> outputs;

    @Setup
    public void load(Size size) throws OrtException {
      Path models = Path.of(System.getProperty("peer.models", ""));
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      OrtSession.SessionOptions options = new OrtSession.SessionOptions();
      options.setIntraOpNumThreads(size.threads);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      session = environment.createSession(models.resolve(size.model + ".onnx").toString(), options);
      FloatBuffer x = direct(size.batch * 784);
      size.digits(x);
      inputs =
          Map.of("x", OnnxTensor.createTensor(environment, x, new long[] {size.batch, 1, 28, 28}));
      FloatBuffer y = direct(size.batch * 10);
      outputs = Map.of("y", OnnxTensor.createTensor(environment, y, new long[] {size.batch, 10}));
    }

    private static FloatBuffer direct(int floats) {
      return ByteBuffer.allocateDirect(floats * Float.BYTES)
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer();
    }

    @TearDown
    public void close() throws OrtException {
      inputs.get("x").close();
      outputs.get("y").close();
      session.close();
    }
  }

  @Benchmark
  public FloatBuffer retort(Retort retort) {
    retort.plan.run();
    return retort.logits;
  }

  @Benchmark
  public void onnxRuntime(Peer peer) throws OrtException {
    peer.session.run(peer.inputs, Set.of(), peer.outputs).close();
  }
}
