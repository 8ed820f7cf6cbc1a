package io.retort.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static final int REQUESTS = 20_000;
  private static final Traffic SPLIT =
      new Traffic(ordered("2", 90, "1", 10), Map.of("old", "1"), "3", List.of("1", "2", "3"));

  private static Map<String, Integer> ordered(String one, int share, String other, int rest) {
    Map<String, Integer> percent = new LinkedHashMap<>();
    percent.put(one, share);
    percent.put(other, rest);
    return percent;
  }

  @Test
  void version_oneAffinity_isAlwaysTheSame() {
    String first = SPLIT.version(null, "user-7");

    for (int i = 0; i < 100; i++) {
      assertThat(SPLIT.version(null, "user-7")).isEqualTo(first);
    }
  }

  @Test
  void version_neighbouringAffinities_shareAsThePercentSay() {
    int ofOld = 0;
    for (int i = 0; i < REQUESTS; i++) {
      ofOld += SPLIT.version(null, "user-" + i).equals("1") ? 1 : 0;
    }

    assertThat(ofOld).isBetween(REQUESTS * 8 / 100, REQUESTS * 12 / 100);
  }

  @Test
  void version_noAffinity_sharesByChance() {
    int ofOld = 0;
    for (int i = 0; i < REQUESTS; i++) {
      ofOld += SPLIT.version(null, null).equals("1") ? 1 : 0;
    }

    assertThat(ofOld).isBetween(REQUESTS * 8 / 100, REQUESTS * 12 / 100);
  }

  @Test
  void version_grownShare_movesNobodyAway() {
    Traffic more = new Traffic(ordered("2", 95, "1", 5), Map.of(), null, List.of("1", "2"));

    for (int i = 0; i < 1000; i++) {
      if (SPLIT.version(null, "user-" + i).equals("2")) {
        assertThat(more.version(null, "user-" + i)).isEqualTo("2");
      }
    }
  }

  @Test
  void version_named_isItselfOrItsLabels() {
    assertThat(SPLIT.version("1", "user-7")).isEqualTo("1");
    assertThat(SPLIT.version("old", "user-7")).isEqualTo("1");
    assertThat(SPLIT.version("4", "user-7")).isNull();
    assertThat(SPLIT.version("unheard", null)).isNull();
  }
}
