package io.retort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.config.Secret;
import io.retort.config.SecurityConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiKeysTest {
  private static final String CLEAR = "a-clear-key-that-somebody-put-here-by-mistake";
  @TempDir Path home;

  @Test
  void of_fileAndEnvironment_knowsEach() throws Exception {
    ApiKeys keys =
        ApiKeys.of(
            SecurityConfig.of(
                Map.of(
                    "apiKey",
                    Secret.of("k".repeat(32)),
                    "ratePerSecond",
                    7,
                    "apiKeysFile",
                    file(
                        """
                        {"keys": [{"name": "web", "sha256": "%s", "roles": ["predict", "train"],
                                   "ratePerSecond": 5, "rateBurst": 9}]}"""
                            .formatted(Signing.sha256("the web's"))))));

    Caller web = keys.find(Fingerprint.of("the web's")).caller();
    assertThat(web.roles()).containsExactlyInAnyOrder(Role.PREDICT, Role.TRAIN);
    assertThat(web.ratePerSecond()).isEqualTo(5);
    assertThat(web.rateBurst()).isEqualTo(9);
    Caller environment = keys.find(Fingerprint.of("k".repeat(32))).caller();
    assertThat(environment.roles()).containsExactly(Role.ADMIN);
    assertThat(environment.ratePerSecond()).isEqualTo(7);
    assertThat(keys.find(Fingerprint.of("another"))).isNull();
    assertThat(keys.anySigned()).isFalse();
  }

  @Test
  void of_shortKeyInTheEnvironment_isRefusedUnseen() {
    assertThatThrownBy(() -> ApiKeys.of(SecurityConfig.of(Map.of("apiKey", Secret.of("hunter2")))))
        .hasMessageContaining("32 characters or more: 7 came")
        .hasMessageNotContaining("hunter2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          %s                                                            | apiKeysFile must be JSON in
          {"keys": ["%s"]}                                              | keys[0] must be an object
          {"keys": [{"name": "a", "sha256": "%s", "roles": []}]}        | 64 hexadecimal digits
          {"keys": [{"name": "a b", "sha256": "", "roles": []}]}        | .name must be of
          {"keys": [{"sha256": "%s"}]}                                  | name must be a text
          {"keys": []}                                                  | must hold a key
          {"kees": []}                                                  | did you mean keys?
          {"keys": [{"name": "a", "sha256": "HASH", "roles": ["god"]}]} | a list of predict, train, admin
          {"keys": [{"name": "a", "sha256": "HASH"}, {"name": "a", "sha256": "HASH"}]} | given once: a
          {"keys": [{"name": "a", "sha256": "HASH", "rolls": []}]}      | did you mean roles?
          """)
  void of_fileThatIsWrong_saysWhereAndShowsNoKey(String text, String sentence) throws Exception {
    String content = text.replace("%s", CLEAR).replace("HASH", "0".repeat(64));
    SecurityConfig config = SecurityConfig.of(Map.of("apiKeysFile", file(content)));

    assertThatThrownBy(() -> ApiKeys.of(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence)
        .hasMessageNotContaining(CLEAR);
  }

  private String file(String content) throws Exception {
    return Files.writeString(home.resolve("keys.json"), content).toString();
  }
}
