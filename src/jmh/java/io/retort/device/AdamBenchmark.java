package io.retort.device;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * Adam over as many parameters as the student and the teacher have: 28 bytes of each, gradient,
 * weight and both moments read, weight and moments written. The counter tells GB/s, to be set
 * against what memory gives.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AdamBenchmark {
  private static final int ARRAYS = 4;
  private static final int BYTES_MOVED = 7 * Float.BYTES;

  @Param({"173930", "9490442"})
  int parameters;

  @Param({"1", "2"})
  int threads;

  private Device device;
  private Memory memory;
  private TensorView gradient;
  private TensorView weight;
  private TensorView first;
  private TensorView second;
  private TensorView learningRate;
  private TensorView step;

  /** Bytes moved, in units of 1e9. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Traffic {
    public double gigabytes;
  }

  @Setup
  public void allocate() {
    device = Device.open(DeviceKind.CPU, threads);
    long apart = (parameters * (long) Float.BYTES + 63) / 64 * 64;
    memory = device.allocate(ARRAYS * apart + 128);
    gradient = view(0, parameters);
    weight = view(apart, parameters);
    first = view(2 * apart, parameters);
    second = view(3 * apart, parameters);
    learningRate = view(ARRAYS * apart, 1);
    step = view(ARRAYS * apart + 64, 1);
    memory.write(ARRAYS * apart, new float[] {1e-3f}, 0, 1);
    memory.write(ARRAYS * apart + 64, new float[] {1}, 0, 1);
    float[] values = new float[parameters];
    for (int i = 0; i < parameters; i++) {
      values[i] = (i % 13 - 6.5f) / 100;
    }
    memory.write(0, values, 0, parameters);
  }

  private TensorView view(long offset, int size) {
    return device.view(memory, offset, Shape.of(size), DType.FLOAT32);
  }

  @Benchmark
  public void step(Traffic traffic) {
    device
        .kernels()
        .adam_step(
            gradient,
            learningRate,
            step,
            null,
            weight,
            first,
            second,
            0.9f,
            0.999f,
            1e-8f,
            0,
            false);
    traffic.gigabytes += parameters * (double) BYTES_MOVED / 1e9;
  }

  @TearDown
  public void close() {
    memory.close();
    device.close();
  }
}
