package io.retort.cache;

import java.util.SplittableRandom;
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
import org.openjdk.jmh.annotations.Warmup;

/** The cache's key of a request: the hash of its rows of 784 numbers. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class InputHashBenchmark {
  @Param({"1", "64"})
  int rows;

  private final InputHash hash = new InputHash();
  private float[] features;

  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(1);
    features = new float[rows * 784];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble();
    }
  }

  @Benchmark
  public Object hash() {
    return hash.of(rows, features);
  }
}
