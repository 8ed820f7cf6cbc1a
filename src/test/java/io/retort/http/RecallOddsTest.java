package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RecallOddsTest {
  private final RecallOdds odds = new RecallOdds();

  @Test
  void worthAsking_allKnown_isAlways() {
    assertThat(asked(1000, true)).isEqualTo(1000);
  }

  @Test
  void worthAsking_nothingKnown_isSoonOneIn32() {
    asked(64, false);

    assertThat(asked(3200, false)).isEqualTo(100);
  }

  @Test
  void worthAsking_knownAgainAfterADryTime_isAlwaysAgain() {
    asked(64, false);
    asked(64 * 32, true);

    assertThat(asked(1000, true)).isEqualTo(1000);
  }

  @Test
  void worthAsking_manyBeforeTheFirstIsTold_isOneOfThem() {
    asked(64, false);
    int worth = 0;
    for (int i = 0; i < 1000; i++) {
      worth += odds.worthAsking() ? 1 : 0;
    }

    assertThat(worth).isEqualTo(1);
  }

  private int asked(int requests, boolean known) {
    int asked = 0;
    for (int i = 0; i < requests; i++) {
      if (odds.worthAsking()) {
        asked++;
        odds.told(known);
      }
    }
    return asked;
  }
}
