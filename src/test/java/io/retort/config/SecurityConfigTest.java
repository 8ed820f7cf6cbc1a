package io.retort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.json.JsonException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SecurityConfigTest {
  private static final String CLEAR = "correct-horse-battery-staple-0001";

  @Test
  void parse_secretOfTheEnvironment_isReadAndNeverPrinted() {
    Verticles verticles =
        Verticles.parse(
            "{\"security\": {\"corsOrigins\": [\"https://a.example\"]}, \"verticles\": []}",
            Map.of(
                "RETORT_API_KEY",
                CLEAR,
                "RETORT_SECURITY_JWT_SECRET",
                CLEAR,
                "RETORT_SECURITY_TLS_KEY_STORE_PASSWORD",
                CLEAR,
                "RETORT_SECURITY_TLS_HTTP2",
                "true"),
            Map.of());

    SecurityConfig security = verticles.security();
    assertThat(security.apiKey().reveal()).isEqualTo(CLEAR);
    assertThat(security.jwtSecret()).isEqualTo(Secret.of(CLEAR)).isNotEqualTo(Secret.of("x"));
    assertThat(security.tlsHttp2()).isTrue();
    assertThat(security.corsOrigins()).isEqualTo(List.of("https://a.example"));
    assertThat(verticles.warnings()).isEmpty();
    assertThat(verticles.toString()).contains("apiKey=***").doesNotContain(CLEAR);
  }

  @Test
  void parse_secretInTheFile_isRefusedUnseen() {
    for (String key : List.of("apiKey", "jwtSecret", "tlsKeyStorePassword")) {
      String text = "{\"security\": {\"%s\": \"%s\"}, \"verticles\": []}".formatted(key, CLEAR);

      assertThatThrownBy(() -> Verticles.parse(text, Map.of("RETORT_API_KEY", "another"), Map.of()))
          .isInstanceOf(JsonException.class)
          .hasMessageContaining("security." + key + " is a secret")
          .hasMessageContaining("RETORT_SECURITY_")
          .hasMessageNotContaining(CLEAR);
    }
  }
}
