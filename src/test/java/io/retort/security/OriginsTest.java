package io.retort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.net.HostAndPort;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OriginsTest {
  @ParameterizedTest
  @CsvSource({
    "http://localhost:5000, localhost:5000, false",
    "http://LocalHost:5000, localhost:5000, false",
    "https://a.example, a.example, false",
    "https://a.example, a.example:443, false",
    "http://a.example:80, a.example, false",
    "http://[::1]:5000, [::1]:5000, false",
    "https://listed.example, a.example, false",
    "http://listed.example, a.example, true",
    "https://listed.example.evil.example, a.example, true",
    "http://localhost:3000, localhost:5000, true",
    "http://evil.example, localhost:5000, true",
    "null, localhost:5000, true",
    "http://a.example, , true",
  })
  void foreign_originAndHost_areCompared(String origin, String host, boolean foreign) {
    HostAndPort asked = host == null ? null : HostAndPort.parseAuthority(host, -1);

    assertThat(new Origins(List.of("https://listed.example")).foreign(origin, asked))
        .isEqualTo(foreign);
  }

  @Test
  void foreign_noOrigin_isNoBrowser() {
    assertThat(new Origins(List.of()).foreign(null, HostAndPort.create("a", 1))).isFalse();
  }

  @Test
  void foreign_starIsListed_nobodyIs() {
    assertThat(new Origins(List.of("*")).foreign("https://any.example", null)).isFalse();
  }

  @Test
  void list_notAnOrigin_isRefused() {
    for (String wrong : List.of("app.example", "https://a.example/", "https://", "ftp://a")) {
      assertThatThrownBy(() -> new Origins(List.of(wrong))).hasMessageContaining(wrong);
    }
  }
}
