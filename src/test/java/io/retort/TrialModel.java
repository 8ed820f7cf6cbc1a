package io.retort;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.LiveModel;
import io.retort.bus.LiveModels;
import io.retort.bus.Nothing;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.bus.Traffic;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A model on the bus whose answers come when a test gives them. */
public final class TrialModel {
  /** What was asked, and where the answer goes. */
  public record Question(PredictRequest request, Promise<PredictReply> answer) {
    /** Answers with one number. */
    public void reply(String version, float number) {
      answer.complete(
          new PredictReply(
              request.model() == null ? NAME : request.model(),
              version,
              request.rows(),
              new float[] {number},
              PredictReply.Source.MODEL));
    }
  }

  public static final String NAME = "student";

  private final Bus bus;
  private final BlockingQueue<Question> questions = new LinkedBlockingQueue<>();

  /** Begins to be asked for predictions. */
  public TrialModel(Bus bus) {
    this.bus = bus;
    bus.serve(
        Addresses.PREDICT,
        request -> {
          Promise<PredictReply> answer = Promise.promise();
          questions.add(new Question(request, answer));
          return answer.future();
        });
  }

  /** Says which versions answer from now on; whoever hears it has when this returns. */
  public void serve(String model, String version, Traffic traffic) {
    bus.publish(
        Addresses.MODEL_SERVED,
        new LiveModel(model, version, 4, 1, model.equals(NAME), List.of(1, 2, 2), traffic));
    settle();
  }

  /** Returns when the bus has delivered what was sent before. */
  public void settle() {
    TrialNode.await(
        bus.request(Addresses.CACHE_STATE, Nothing.NOTHING).otherwise((Throwable absent) -> null));
  }

  /** The next question that was asked or will be, within 10 s. */
  public Question next() throws InterruptedException {
    Question next = questions.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing was asked for 10 s");
    }
    return next;
  }

  /** Null where nothing waits for its answer. */
  public Question poll() {
    return questions.poll();
  }

  /** Answers what asks for the live models. */
  public void announce(LiveModel... models) {
    bus.serve(
        Addresses.MODELS_LIVE,
        nothing -> Future.succeededFuture(new LiveModels(List.of(models), null)));
  }
}
