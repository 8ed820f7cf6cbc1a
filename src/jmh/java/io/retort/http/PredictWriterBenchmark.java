package io.retort.http;

import io.retort.bus.PredictReply;
import io.vertx.core.buffer.Buffer;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** An answer of ten probabilities written; a hundred different ones in turn. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PredictWriterBenchmark {
  private static final int DIFFERENT = 100;
  private static final int CLASSES = 10;

  private final PredictWriter writer = new PredictWriter();
  private final PredictReply[] replies = new PredictReply[DIFFERENT];
  private int next;

  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < DIFFERENT; i++) {
      float[] probabilities = new float[CLASSES];
      double sum = 0;
      for (int c = 0; c < CLASSES; c++) {
        probabilities[c] = (float) Math.exp(random.nextDouble(-15, 5));
        sum += probabilities[c];
      }
      for (int c = 0; c < CLASSES; c++) {
        probabilities[c] /= (float) sum;
      }
      replies[i] = new PredictReply("student", "1", 1, probabilities, PredictReply.Source.MODEL);
    }
  }

  @Benchmark
  public Buffer write() {
    next = next + 1 == DIFFERENT ? 0 : next + 1;
    return writer.write(replies[next]);
  }
}
