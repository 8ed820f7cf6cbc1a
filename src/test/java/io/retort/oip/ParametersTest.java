package io.retort.oip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParametersTest {
  @ParameterizedTest
  @CsvSource({"0, 250", "1, 1", "1000, 1", "1001, 2", "249001, 250", "250000, 250"})
  void timeoutMillis_micros_areRoundedUpToTheLimit(long micros, long millis) {
    assertThat(Parameters.timeoutMillis(micros, 250)).isEqualTo(millis);
    assertThat(Parameters.timeoutMillis(Long.MAX_VALUE, 250)).isEqualTo(250);
  }

  @Test
  void timeoutMillis_negative_isRefused() {
    assertThatThrownBy(() -> Parameters.timeoutMillis(-1, 250))
        .hasMessage("the parameter timeout must be 0 or more microseconds: -1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"classification", "shared_memory_region"})
  void requireSupported_whatWouldChangeTheAnswer_isRefused(String name) {
    assertThatThrownBy(() -> Parameters.requireSupported(name)).hasMessageEndingWith(name);
  }

  @Test
  void requireSupported_others_areIgnored() {
    Parameters.requireSupported("priority");
  }
}
