package io.retort.bus;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A request with 784 numbers and its reply of ten over the bus, one after the other, between two
 * contexts: those of one event loop, as a node with one loop has them, or of two.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BusBenchmark {
  private static final int TURNS = 1000;

  @Param({"1", "2"})
  int eventLoops;

  private final PredictReply reply =
      new PredictReply("student", "1", 1, new float[10], PredictReply.Source.MODEL);
  private Vertx vertx;
  private Context asker;
  private Bus bus;

  @Setup
  public void deploy() {
    vertx = Vertx.builder().with(new VertxOptions().setEventLoopPoolSize(eventLoops)).build();
    bus = Bus.of(vertx);
    asker = vertx.getOrCreateContext();
    vertx
        .deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> start() {
                return bus.serve(Addresses.PREDICT, question -> Future.succeededFuture(reply))
                    .completion();
              }
            })
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }

  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void roundTrip() {
    Promise<Void> done = Promise.promise();
    asker.runOnContext(start -> ask(TURNS, done));
    done.future().toCompletionStage().toCompletableFuture().join();
  }

  private void ask(int turns, Promise<Void> done) {
    if (turns == 0) {
      done.complete();
      return;
    }
    bus.request(Addresses.PREDICT, PredictRequest.of(new float[784]))
        .onSuccess(answer -> ask(turns - 1, done))
        .onFailure(done::fail);
  }

  @TearDown
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
