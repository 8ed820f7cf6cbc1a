package io.retort.metrics;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the dashboard of {@code src/main/grafana} asks for, a node shows. */
class DashboardTest {
  private static final Pattern METRIC = Pattern.compile("\\b(?:retort|jvm|process)_[a-z_]+");
  private static JsonObject dashboard;

  @BeforeAll
  static void read() throws Exception {
    dashboard = new JsonObject(Files.readString(Path.of("src/main/grafana/retort.json")));
  }

  @Test
  void expressions_everyMetric_isExposedByANode(@TempDir Path home) throws Exception {
    Set<String> asked = new TreeSet<>();
    for (String expression : expressions()) {
      Matcher matcher = METRIC.matcher(expression);
      while (matcher.find()) {
        asked.add(matcher.group());
      }
    }
    assertThat(asked).hasSizeGreaterThan(20);
    if (!Files.exists(Path.of("/dev/nvidiactl"))) {
      asked.removeIf(name -> name.startsWith("retort_gpu_"));
    }

    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 8, 10), 1);
    try (TrialNode node =
        TrialNode.start(home, Map.of(), "inference", "training", "cache", "http")) {
      node.awaitLive("student", "1");
      assertThat(node.post("/predict", body(digit(1))).statusCode()).isEqualTo(200);
      assertThat(node.post("/predict", "{").statusCode()).isEqualTo(400);

      Set<String> shown = scrape(node);
      for (int i = 0; i < 600 && !shown.containsAll(asked); i++) {
        System.gc();
        Thread.sleep(20);
        shown = scrape(node);
      }

      assertThat(shown).containsAll(asked);
    }
  }

  private static Set<String> scrape(TrialNode node) throws Exception {
    return new Exposition(node.get("/metrics").body()).names();
  }

  @Test
  void panels_all_areOfTheVariablesAndBesideEachOther() {
    assertThat(variables()).containsExactly("datasource", "instance");
    List<String> places = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    for (JsonObject panel : objects(dashboard.getJsonArray("panels"))) {
      JsonObject place = panel.getJsonObject("gridPos");
      ids.add(panel.getInteger("id"));
      assertThat(place.getInteger("x") + place.getInteger("w")).isLessThanOrEqualTo(24);
      places.add(place.getInteger("x") + "," + place.getInteger("y"));
      if (!panel.getString("type").equals("row")) {
        assertThat(panel.getJsonObject("datasource").getString("uid")).isEqualTo("${datasource}");
        assertThat(panel.getString("description")).isNotBlank();
      }
    }
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(places).doesNotHaveDuplicates();
    assertThat(expressions()).allMatch(each -> each.contains("instance=~\"$instance\""));
  }

  private static List<String> variables() {
    return objects(dashboard.getJsonObject("templating").getJsonArray("list")).stream()
        .map(variable -> variable.getString("name"))
        .toList();
  }

  private static List<String> expressions() {
    return objects(dashboard.getJsonArray("panels")).stream()
        .filter(panel -> panel.containsKey("targets"))
        .flatMap(panel -> objects(panel.getJsonArray("targets")).stream())
        .map(target -> target.getString("expr"))
        .toList();
  }

  private static List<JsonObject> objects(JsonArray list) {
    return list.stream().map(JsonObject.class::cast).toList();
  }
}
