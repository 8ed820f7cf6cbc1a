package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ShuffleTest {
  @Property(tries = 200, seed = "1")
  void order_anySize_isAPermutationThatRepeats(
      @ForAll @IntRange(max = 3000) int size, @ForAll long seed, @ForAll @IntRange int epoch) {
    int[] order = Shuffle.order(size, seed, epoch);
    assertThat(Shuffle.order(size, seed, epoch)).isEqualTo(order);
    assertThat(Arrays.stream(order).sorted().toArray())
        .isEqualTo(IntStream.range(0, size).toArray());
  }

  @Test
  void order_knownArguments_isTheSameOnEveryMachine() {
    assertThat(Shuffle.order(10, 42, 0)).containsExactly(4, 7, 9, 6, 1, 5, 2, 0, 8, 3);
  }

  @Test
  void order_nextEpochOrSeed_isUnrelated() {
    int[] order = Shuffle.order(60_000, 1, 1);
    for (int[] other : new int[][] {Shuffle.order(60_000, 1, 2), Shuffle.order(60_000, 2, 1)}) {
      long same = IntStream.range(0, order.length).filter(i -> order[i] == other[i]).count();
      assertThat(same).isLessThan(12);
    }
  }

  @Test
  void order_manyEpochs_bringsEverySampleToEveryPlace() {
    int[][] counts = new int[5][5];
    for (int epoch = 0; epoch < 10_000; epoch++) {
      int[] order = Shuffle.order(5, 3, epoch);
      for (int place = 0; place < 5; place++) {
        counts[place][order[place]]++;
      }
    }
    for (int[] place : counts) {
      for (int count : place) {
        assertThat(count).isBetween(1800, 2200);
      }
    }
  }

  @Test
  void order_negative_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Shuffle.order(-1, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Shuffle.order(1, 0, -1));
  }
}
