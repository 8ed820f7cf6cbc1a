package io.retort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.json.Nearest;
import io.vertx.core.http.ClientAuth;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PartTest {
  private static final Map<Class<?>, Object> SAMPLES =
      Map.ofEntries(
          Map.entry(int.class, 5),
          Map.entry(long.class, 5L),
          Map.entry(Integer.class, 5),
          Map.entry(Long.class, 5L),
          Map.entry(Double.class, 0.5),
          Map.entry(boolean.class, true),
          Map.entry(Path.class, "somewhere"),
          Map.entry(List.class, List.of("a")),
          Map.entry(Secret.class, Secret.of("word")),
          Map.entry(ClientAuth.class, "required"),
          Map.entry(InferenceConfig.Compute.class, "lane"));

  @ParameterizedTest
  @EnumSource(Part.class)
  void check_everyComponentOfTheRecord_isAKeyThatIsRead(Part part)
      throws ReflectiveOperationException {
    for (var key : part.keys().entrySet()) {
      Object sample =
          switch (key.getKey()) {
            case "device" -> "cpu";
            case "precision" -> "bfloat16";
            case "maxLineBytes", "maxHeaderBytes" -> 1000;
            default -> SAMPLES.getOrDefault(key.getValue(), "word");
          };
      Record record = part.check(new HashMap<>(Map.of(key.getKey(), sample)));
      var accessor = record.getClass().getMethod(key.getKey());
      Object value = accessor.invoke(record);
      assertThat(String.valueOf(value)).as(key.getKey()).isEqualToIgnoringCase(sample.toString());
    }
  }

  @ParameterizedTest
  @EnumSource(Part.class)
  void check_unknownKey_isRefused(Part part) {
    assertThatThrownBy(() -> part.check(Map.of("zzz", 1)))
        .hasMessageStartingWith(part.word + ".zzz is not known")
        .hasMessageEndingWith(Nearest.hint("zzz", part.keys().keySet()));
  }

  @Test
  void of_nothing_isTheDocumentedDefault() {
    assertThat(HttpConfig.of(Map.of()))
        .isEqualTo(
            new HttpConfig(
                "127.0.0.1",
                5000,
                8 << 20,
                1024,
                10_000,
                120,
                0,
                1000,
                30,
                1000,
                "off",
                4096,
                8192,
                30,
                10_000,
                1024,
                1 << 22));
    assertThat(CacheConfig.of(Map.of())).isEqualTo(new CacheConfig(200, 16 << 20, 3600, 200));
    assertThat(GrpcConfig.of(Map.of()))
        .isEqualTo(new GrpcConfig("127.0.0.1", null, 8 << 20, 1024, 10_000, 120, 30));
    assertThat(InferenceConfig.of(Map.of()).defaultModel()).isEqualTo("student");
    assertThat(TrainingConfig.of(Map.of()).recipe()).isEqualTo("mnist");
    assertThat(VertxConfig.of(Map.of()).options().getEventLoopPoolSize()).isPositive();
  }
}
