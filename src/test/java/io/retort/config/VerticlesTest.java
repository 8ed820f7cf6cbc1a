package io.retort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.json.JsonException;
import io.vertx.core.ThreadingModel;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerticlesTest {
  private static final String HTTP =
      """
      {"verticles": [{"name": "http", "verticle": "io.retort.http.HttpVerticle", "config": {%s}}]}""";

  @Test
  void load_repositorysOwnFile_hasTheFiveVerticles() {
    Verticles verticles = Verticles.load(Path.of("verticles.json"), Map.of(), Map.of());

    assertThat(verticles.entries().stream().map(Verticles.Entry::name))
        .containsExactly("inference", "training", "cache", "grpc", "http");
    assertThat(verticles.warnings()).isEmpty();
  }

  @Test
  void parse_flagEnvironmentFileDefault_winInThisOrder() {
    assertThat(port("", Map.of(), Map.of())).isEqualTo(5000);
    assertThat(port("\"port\": 1", Map.of(), Map.of())).isEqualTo(1);
    assertThat(port("\"port\": 1", Map.of("PORT", "2"), Map.of())).isEqualTo(2);
    assertThat(port("\"port\": 1", Map.of("PORT", "2", "RETORT_HTTP_PORT", "3"), Map.of()))
        .isEqualTo(3);
    assertThat(port("\"port\": 1", Map.of("RETORT_HTTP_PORT", "3"), Map.of("http.port", 4)))
        .isEqualTo(4);
    assertThat(port("\"port\": 1", Map.of("RETORT_HTTP_PORT", "3"), Map.of("http.port", "5")))
        .isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource({
    "HOST, 0.0.0.0, http, host",
    "HOST, 0.0.0.0, grpc, host",
    "RETORT_GRPC_PORT, 5001, grpc, port",
    "RETORT_HTTP_MAX_BODY_BYTES, 4096, http, maxBodyBytes",
    "RETORT_CACHE_TTL_SECONDS, 60, cache, ttlSeconds",
    "RETORT_INFERENCE_MODELS_DIRECTORY, m, inference, modelsDirectory",
    "DIST_TEMP, 2.5, training, temperature",
    "DIST_ALPHA, 0.9, training, softWeight",
    "DIST_EPOCHS, 3, training, epochs",
    "BATCH_SIZE, 32, training, batchSize",
  })
  void load_environment_reachesItsVerticle(String name, String text, String entry, String key) {
    Verticles verticles = Verticles.load(Path.of("verticles.json"), Map.of(name, text), Map.of());

    Object value =
        verticles.entries().stream()
            .filter(each -> each.name().equals(entry))
            .findFirst()
            .orElseThrow()
            .options()
            .getConfig()
            .getValue(key);

    assertThat(value).hasToString(text);
  }

  @Test
  void load_environmentList_isSplitAtCommas() {
    Verticles verticles =
        Verticles.load(
            Path.of("verticles.json"),
            Map.of("RETORT_INFERENCE_MODELS", "student, teacher"),
            Map.of());

    assertThat(
            InferenceConfig.of(verticles.entries().get(0).options().getConfig().getMap()).models())
        .containsExactly("student", "teacher");
  }

  @Test
  void parse_unknownKey_isRefusedWithTheNearest() {
    assertThatThrownBy(() -> parse(HTTP.formatted("\"prot\": 1")))
        .isInstanceOf(JsonException.class)
        .hasMessage("verticles.json http.prot is not known; did you mean port?");
    assertThatThrownBy(() -> parse("{\"verticals\": []}"))
        .hasMessage("verticles.json.verticals is not known; did you mean verticles?");
    assertThatThrownBy(
            () ->
                parse(
                    "{\"verticles\": [{\"name\": \"a\", \"verticle\": \"b.C\", \"instanses\": 2}]}"))
        .hasMessageContaining("instanses is not known; did you mean instances?");
  }

  @Test
  void parse_illegalValue_namesKeyBoundsAndValue() {
    assertThatThrownBy(() -> parse(HTTP.formatted("\"port\": 99999")))
        .hasMessage("verticles.json http.port must be between 0 and 65535: 99999");
    assertThatThrownBy(() -> parse(HTTP.formatted("\"port\": \"x\"")))
        .hasMessageContaining("http.port must be a whole number");
    assertThatThrownBy(() -> port("", Map.of("PORT", "http"), Map.of()))
        .hasMessage("PORT must be a number: http");
  }

  @Test
  void parse_unknownFlag_isRefusedWithTheNearest() {
    assertThatThrownBy(() -> port("", Map.of(), Map.of("http.prot", 1)))
        .hasMessage("the setting http.prot is not known; did you mean http.port?");
  }

  @Test
  void parse_environmentLooksLikeASetting_isWarnedOf() {
    Verticles verticles =
        Verticles.parse(
            HTTP.formatted(""), Map.of("RETORT_HTTP_PROT", "1", "RETORT_HOME", "/x"), Map.of());

    assertThat(verticles.warnings())
        .containsExactly(
            "the environment's RETORT_HTTP_PROT is not a setting; did you mean RETORT_HTTP_PORT?");
  }

  @Test
  void parse_sameNameTwice_isRefused() {
    assertThatThrownBy(
            () ->
                parse(
                    """
                    {"verticles": [{"name": "a", "verticle": "x.A"}, {"name": "a", "verticle": "x.B"}]}"""))
        .hasMessageContaining("name must be given once: a");
  }

  @Test
  void parse_strangersVerticle_keepsItsOwnSettingsAndOptions() {
    Verticles verticles =
        parse(
            """
            {"verticles": [{"name": "mine", "verticle": "com.acme.Mine", "instances": 3,
              "threadingModel": "worker", "config": {"anything": [1, 2]}}]}""");

    Verticles.Entry entry = verticles.entries().get(0);
    assertThat(entry.options().getInstances()).isEqualTo(3);
    assertThat(entry.options().getThreadingModel()).isEqualTo(ThreadingModel.WORKER);
    assertThat(entry.options().getConfig().getJsonArray("anything")).containsExactly(1, 2);
  }

  private static Verticles parse(String text) {
    return Verticles.parse(text, Map.of(), Map.of());
  }

  private static int port(
      String config, Map<String, String> environment, Map<String, Object> flags) {
    Verticles verticles = Verticles.parse(HTTP.formatted(config), environment, flags);
    return HttpConfig.of(verticles.entries().get(0).options().getConfig().getMap()).port();
  }

  @Test
  void stopMillis_httpWithItsSettings_isTheirSum() {
    Map<String, Object> flags = Map.of("http.drainMillis", 500, "http.shutdownSeconds", 7);

    assertThat(Verticles.load(null, Map.of(), flags).stopMillis()).isEqualTo(7500);
    assertThat(Verticles.parse("{}", Map.of(), Map.of()).stopMillis()).isZero();
  }
}
