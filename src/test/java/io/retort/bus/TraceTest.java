package io.retort.bus;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.json.JsonObject;
import io.vertx.core.tracing.TracingOptions;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceTest {
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  @Test
  void read_legalParent_isKeptAsItCame() {
    Trace trace = Trace.read(PARENT, List.of("a=1", "b=2"));

    assertThat(trace.parent()).isEqualTo(PARENT);
    assertThat(trace.state()).isEqualTo("a=1,b=2");
    assertThat(trace.id()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be"
      })
  void read_laterVersion_isTaken(String parent) {
    assertThat(Trace.read(parent, List.of()).parent()).isEqualTo(parent);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-\n",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"
      })
  void read_illegalParent_isNoTrace(String parent) {
    assertThat(Trace.read(parent, List.of())).isNull();
  }

  @Property
  void read_anyText_neverFails(@ForAll String parent, @ForAll String state) {
    Trace trace = Trace.read(parent, List.of(state));

    assertThat(trace == null || trace.parent().equals(parent)).isTrue();
  }

  @Test
  void read_illegalState_isLeftOut() {
    assertThat(Trace.read(PARENT, List.of("a=\n")).state()).isNull();
    assertThat(Trace.read(PARENT, List.of("a=" + "1".repeat(511))).state()).isNull();
    assertThat(Trace.read(PARENT, List.of()).state()).isNull();
  }

  @Test
  void request_inATrace_reachesStrangersOverOurPartsAndEndsThere() {
    Vertx vertx = Vertx.vertx(new VertxOptions().setTracingOptions(new TracingOptions()));
    try {
      Bus bus = Bus.of(vertx);
      Promise<MultiMap> heard = Promise.promise();
      vertx
          .eventBus()
          .<JsonObject>consumer(
              "stranger",
              message -> {
                heard.tryComplete(message.headers());
                message.reply(new JsonObject());
              });
      bus.serve(
          Addresses.MODELS_LIVE,
          nothing ->
              vertx
                  .eventBus()
                  .request("stranger", new JsonObject())
                  .map(answer -> new LiveModels(List.of(), null)));

      Trace begun = await(call(vertx, () -> Trace.begin(vertx.getOrCreateContext()), bus));
      MultiMap headers = await(heard.future());

      assertThat(headers.get("TraceParent")).isEqualTo(begun.parent());
      assertThat(Trace.read(begun.parent(), List.of())).isEqualTo(begun);
      assertThat(headers.contains("tracestate")).isFalse();
    } finally {
      await(vertx.close());
    }
  }

  @Test
  void request_noTrace_sendsNoHeaders() {
    Vertx vertx = Vertx.vertx(new VertxOptions().setTracingOptions(new TracingOptions()));
    try {
      Promise<MultiMap> heard = Promise.promise();
      vertx.eventBus().consumer("stranger", message -> heard.tryComplete(message.headers()));
      vertx.eventBus().send("stranger", "hello");

      assertThat(await(heard.future()).isEmpty()).isTrue();
    } finally {
      await(vertx.close());
    }
  }

  private static Future<Trace> call(
      Vertx vertx, java.util.function.Supplier<Trace> begin, Bus bus) {
    Promise<Trace> done = Promise.promise();
    ((ContextInternal) vertx.getOrCreateContext())
        .duplicate()
        .runOnContext(
            turn -> {
              Trace trace = begin.get();
              bus.request(Addresses.MODELS_LIVE, Nothing.NOTHING)
                  .map(answer -> trace)
                  .onComplete(done);
            });
    return done.future();
  }
}
