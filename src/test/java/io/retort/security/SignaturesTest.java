package io.retort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.FailureException;
import io.retort.config.SecurityConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignaturesTest {
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
  @TempDir Path home;
  private Signatures signatures;

  @BeforeEach
  void read() throws Exception {
    Path file = home.resolve("keys.json");
    Files.writeString(
        file,
        """
        {"keys": [{"name": "bank", "sha256": "%s", "roles": ["predict"], "signed": true},
                  {"name": "web", "sha256": "%s", "roles": ["predict"]}]}"""
            .formatted(Signing.sha256("bank's key"), Signing.sha256("web's key")));
    ApiKeys keys = ApiKeys.of(SecurityConfig.of(Map.of("apiKeysFile", file.toString())));
    signatures = new Signatures(keys, InstantSource.fixed(NOW), Duration.ofSeconds(300));
  }

  @Test
  void verify_goodSignature_isItsCaller() {
    assertThat(signatures.verify("bank", request(Map.of())).name()).isEqualTo("bank");
  }

  @Test
  void verify_sameRequestAgain_isRefused() {
    Visit request = request(Map.of());
    signatures.verify("bank", request);

    assertThatThrownBy(() -> signatures.verify("bank", request))
        .hasMessage("a request with this nonce came before");
  }

  @Test
  void verify_wrongSignature_doesNotUseTheNonceUp() {
    Visit forged = request(Map.of("x-retort-signature", "0".repeat(64)));
    assertThatThrownBy(() -> signatures.verify("bank", forged))
        .hasMessageContaining("not that of this request");

    assertThatCode(() -> signatures.verify("bank", request(Map.of()))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"-300, true", "300, true", "-301, false", "301, false", "-86400, false"})
  void verify_clockApart_isTakenWithinTheWindow(int seconds, boolean taken) {
    Visit request = signed(NOW.plusSeconds(seconds).toString(), Map.of());

    if (taken) {
      assertThat(signatures.verify("bank", request).name()).isEqualTo("bank");
    } else {
      assertThatThrownBy(() -> signatures.verify("bank", request))
          .hasMessage(
              "x-retort-date may be 300 s from the clock here: it is %d s from it"
                  .formatted(Math.abs(seconds)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "x-retort-date, 31 January 2026",
    "x-retort-date, -999999999-01-01T00:00:00Z",
    "x-retort-nonce, short",
    "x-retort-nonce, 0123456789abcdef0123",
    "x-retort-content-sha256, ABC",
    "x-retort-content-sha256, 0000000000000000000000000000000000000000000000000000000000000000",
    "x-retort-signature, zz",
    "x-retort-signature, ''",
  })
  void verify_headerChanged_isRefused(String header, String value) {
    assertThatThrownBy(() -> signatures.verify("bank", request(Map.of(header, value))))
        .isInstanceOf(FailureException.class)
        .extracting(e -> ((FailureException) e).failure().code())
        .isEqualTo("invalid_signature");
  }

  @Test
  void verify_keyThatDoesNotSign_isRefused() {
    for (String name : new String[] {"web", "nobody"}) {
      assertThatThrownBy(() -> signatures.verify(name, request(Map.of())))
          .hasMessageContaining("no key that signs");
    }
  }

  private static Visit request(Map<String, String> changed) {
    return signed(NOW.toString(), changed);
  }

  private static Visit signed(String date, Map<String, String> changed) {
    Map<String, String> headers =
        new HashMap<>(
            Signing.headers(
                "bank",
                "bank's key",
                "POST",
                "/predict?a=b",
                date,
                "a-nonce-of-this-request",
                "{}"));
    headers.putAll(changed);
    return new Visit() {
      @Override
      public String header(String name) {
        return headers.get(name);
      }

      @Override
      public String address() {
        return "192.0.2.1";
      }

      @Override
      public String method() {
        return "POST";
      }

      @Override
      public String target() {
        return "/predict?a=b";
      }

      @Override
      public boolean checksBody() {
        return true;
      }
    };
  }
}
