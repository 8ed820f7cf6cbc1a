package io.retort.http;

import io.retort.bus.Asker;
import io.retort.bus.PredictRequest;
import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.vertx.core.buffer.Buffer;
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

/**
 * A body of 784 numbers read; a hundred different ones in turn, so that no branch learns one by
 * heart.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PredictParserBenchmark {
  private static final int DIFFERENT = 100;

  @Param Bodies bodies;

  private final PredictParser parser = new PredictParser(256, 5000);
  private final Buffer[] buffers = new Buffer[DIFFERENT];
  private int next;

  @Setup
  public void prepare() {
    Dataset digits = Dataset.mnist(Split.TEST);
    for (int i = 0; i < DIFFERENT; i++) {
      buffers[i] = Buffer.buffer(bodies.body(digits, i));
    }
  }

  @Benchmark
  public PredictRequest parse() {
    next = next + 1 == DIFFERENT ? 0 : next + 1;
    return parser.parse(buffers[next], null, Asker.PATIENT);
  }
}
