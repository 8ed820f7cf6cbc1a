package io.retort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.json.Nearest;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PartTest {
  private static final Map<Class<?>, Object> SAMPLES =
      Map.of(
          int.class,
          5,
          long.class,
          5L,
          Integer.class,
          5,
          Long.class,
          5L,
          Double.class,
          0.5,
          boolean.class,
          true,
          Path.class,
          "somewhere",
          List.class,
          List.of("a"),
          InferenceConfig.Compute.class,
          "lane");

  @ParameterizedTest
  @EnumSource(Part.class)
  void check_everyComponentOfTheRecord_isAKeyThatIsRead(Part part)
      throws ReflectiveOperationException {
    for (var key : part.keys().entrySet()) {
      Object sample =
          switch (key.getKey()) {
            case "device" -> "cpu";
            case "precision" -> "bfloat16";
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
        .isEqualTo(new HttpConfig("127.0.0.1", 5000, 8 << 20, 1024, 10_000, 120, 30, 1000));
    assertThat(CacheConfig.of(Map.of())).isEqualTo(new CacheConfig(200, 3600));
    assertThat(InferenceConfig.of(Map.of()).defaultModel()).isEqualTo("student");
    assertThat(TrainingConfig.of(Map.of()).recipe()).isEqualTo("mnist");
    assertThat(VertxConfig.of(Map.of()).options().getEventLoopPoolSize()).isPositive();
  }
}
