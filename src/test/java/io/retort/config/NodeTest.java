package io.retort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.Crowd;
import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeTest {
  @TempDir Path home;

  @Test
  void start_onePartCannot_stopsTheOthersAndTellsWhy() throws Exception {
    try (TrialNode first = TrialNode.start(home, Map.of(), "http")) {
      assertThatThrownBy(
              () ->
                  TrialNode.start(
                      home, Map.of("http.port", first.port()), "inference", "cache", "http"))
          .hasMessageContaining("must be free to listen on");
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .doesNotContain("retort-lane");
    }
  }

  @Test
  void start_verticleThatIsNotThere_isNamed() {
    String text = "{\"verticles\": [{\"name\": \"mine\", \"verticle\": \"com.acme.Missing\"}]}";
    Verticles verticles = Verticles.parse(text, Map.of(), Map.of());

    assertThatThrownBy(() -> TrialNode.await(Node.start(Vertx.vertx(), verticles)))
        .hasStackTraceContaining("com.acme.Missing");
  }

  @Test
  void stop_underLoad_losesNoRequest() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 512, 10), 1);
    TrialNode node =
        TrialNode.start(home, Map.of("http.lingerMillis", 1000), "inference", "cache", "http");
    node.awaitLive("student", "1");
    try (Crowd crowd = new Crowd(8, node.port(), 100)) {
      crowd.awaitAnswers(200);

      node.close();

      assertThat(crowd.losses()).isEmpty();
    }
  }

  @Test
  void stop_httpNamedFirst_stillEndsBeforeWhatItAsks() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 512, 10), 1);
    TrialNode node = TrialNode.start(home, Map.of("http.lingerMillis", 1000), "http", "inference");
    node.awaitLive("student", "1");
    try (Crowd crowd = new Crowd(4, node.port(), 20)) {
      crowd.awaitAnswers(50);

      node.close();

      assertThat(crowd.losses()).isEmpty();
    }
  }
}
