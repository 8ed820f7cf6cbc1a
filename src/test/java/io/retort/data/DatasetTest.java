package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.retort.data.Dataset.Split;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetTest {
  private static Dataset small() {
    byte[] pixels = new byte[3 * 4];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 23);
    }
    return Dataset.of(Shape.of(1, 2, 2), pixels, new int[] {2, 0, 1}, 3);
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  @Test
  void mnist_train_hasKnownCountsAndFirstLabels() {
    Dataset train = Dataset.mnist(Split.TRAIN);
    assertThat(train.size()).isEqualTo(60_000);
    assertThat(train.sample()).isEqualTo(Shape.of(1, 28, 28));
    assertThat(train.classes()).isEqualTo(10);
    assertThat(IntStream.range(0, 5).map(train::label)).containsExactly(5, 0, 4, 1, 9);
    int[] counts = new int[10];
    IntStream.range(0, train.size()).forEach(i -> counts[train.label(i)]++);
    assertThat(counts).containsExactly(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949);
  }

  @Test
  void mnist_test_hasKnownCountsLabelsAndPixels() {
    Dataset test = Dataset.mnist(Split.TEST);
    assertThat(test.size()).isEqualTo(10_000);
    assertThat(IntStream.range(0, 5).map(test::label)).containsExactly(7, 2, 1, 0, 4);
    float[] image = new float[784];
    test.images(new int[] {0}, 0, 1, FloatBuffer.wrap(image));
    assertThat(image[0]).isZero();
    assertThat(image[7 * 28 + 6]).isEqualTo(84 / 255f);
    double sum = 0;
    float[] all = new float[10_000 * 784];
    test.images(IntStream.range(0, 10_000).toArray(), 0, 10_000, FloatBuffer.wrap(all));
    for (float value : all) {
      sum += value;
    }
    assertThat(sum / all.length).isBetween(0.1324, 0.1326);
  }

  @Test
  void images_rows_areGatheredInOrderAtThePosition() {
    FloatBuffer into = direct(10);
    into.position(1);
    small().images(new int[] {9, 2, 0}, 1, 2, into);
    float[] expected = {0, 184, 207, 230, 253, 0, 23, 46, 69, 0};
    for (int i = 0; i < expected.length; i++) {
      assertThat(into.get(i)).isEqualTo(expected[i] / 255f);
    }
    assertThat(into.position()).isEqualTo(1);
  }

  @Test
  void labels_rows_areGatheredInOrder() {
    int[] into = new int[3];
    small().labels(new int[] {1, 2, 0}, 0, 3, IntBuffer.wrap(into));
    assertThat(into).containsExactly(0, 1, 2);
  }

  @Test
  void images_jitter_movesWithinItsPixelsAndRepeats() {
    byte[] pixels = new byte[100 * 49];
    for (int i = 0; i < 100; i++) {
      pixels[i * 49 + 24] = (byte) 255;
    }
    Dataset points = Dataset.of(Shape.of(1, 7, 7), pixels, new int[100], 1);
    int[] rows = IntStream.range(0, 100).toArray();
    float[] moved = new float[pixels.length];
    points.images(rows, 0, 100, FloatBuffer.wrap(moved), new Jitter(2, 7, 3));
    boolean[] seen = new boolean[49];
    for (int i = 0; i < 100; i++) {
      float[] image = Arrays.copyOfRange(moved, i * 49, i * 49 + 49);
      int at = IntStream.range(0, 49).filter(p -> image[p] == 1f).findFirst().orElseThrow();
      assertThat(at / 7).isBetween(1, 5);
      assertThat(at % 7).isBetween(1, 5);
      seen[at] = true;
    }
    assertThat(IntStream.range(0, 49).filter(p -> seen[p]).count()).isGreaterThan(20);
    float[] again = new float[pixels.length];
    points.images(rows, 0, 100, FloatBuffer.wrap(again), new Jitter(2, 7, 3));
    assertThat(again).isEqualTo(moved);
    points.images(rows, 0, 100, FloatBuffer.wrap(again), new Jitter(2, 7, 4));
    assertThat(again).isNotEqualTo(moved);
  }

  @Test
  void images_jitterOverTheBorder_bringsZeros() {
    byte[] pixels = new byte[2 * 9 * 50];
    Arrays.fill(pixels, (byte) 255);
    Dataset full = Dataset.of(Shape.of(2, 3, 3), pixels, new int[50], 1);
    float[] moved = new float[pixels.length];
    full.images(
        IntStream.range(0, 50).toArray(), 0, 50, FloatBuffer.wrap(moved), new Jitter(5, 1, 0));
    for (int i = 0; i < 50; i++) {
      float[] first = Arrays.copyOfRange(moved, i * 18, i * 18 + 9);
      assertThat(Arrays.copyOfRange(moved, i * 18 + 9, i * 18 + 18)).isEqualTo(first);
    }
    assertThat(moved).contains(0f, 1f).doesNotContain(-1f);
  }

  @Test
  void images_bufferTooSmall_namesBothSizes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> small().images(new int[] {0, 1}, 0, 2, direct(7)))
        .withMessageContaining("2 × [1, 2, 2]")
        .withMessageContaining("7");
  }

  @Test
  void images_rowOutside_isRefused() {
    for (int row : new int[] {-1, 3}) {
      assertThat(catchThrowable(() -> small().images(new int[] {row}, 0, 1, direct(4))))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void subset_part_isTheSameSamplesAndHidesTheRest() {
    Dataset part = small().subset(1, 2);
    assertThat(part.size()).isEqualTo(2);
    assertThat(part.label(0)).isZero();
    float[] image = new float[4];
    part.images(new int[] {1}, 0, 1, FloatBuffer.wrap(image));
    assertThat(image[0]).isEqualTo(184 / 255f);
    assertThat(catchThrowable(() -> part.label(2))).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatIllegalArgumentException().isThrownBy(() -> small().subset(2, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> small().subset(0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> small().subset(1, Integer.MAX_VALUE));
  }

  @Test
  void hash_sameContent_isTheSameWhereverItStands() {
    byte[] pixels = {1, 2, 3, 4, 1, 2, 3, 4};
    Dataset two = Dataset.of(Shape.of(1, 2, 2), pixels, new int[] {1, 1}, 2);
    assertThat(two.subset(0, 1).hash()).isEqualTo(two.subset(1, 1).hash()).matches("[0-9a-f]{32}");
    assertThat(two.hash()).isNotEqualTo(two.subset(0, 1).hash());
  }

  @Test
  void hash_anyDifference_changesIt() {
    byte[] pixels = {1, 2, 3, 4};
    String hash = Dataset.of(Shape.of(1, 2, 2), pixels, new int[] {1}, 2).hash();
    assertThat(Dataset.of(Shape.of(1, 2, 2), new byte[] {1, 2, 3, 5}, new int[] {1}, 2).hash())
        .isNotEqualTo(hash);
    assertThat(Dataset.of(Shape.of(1, 2, 2), pixels, new int[] {0}, 2).hash()).isNotEqualTo(hash);
    assertThat(Dataset.of(Shape.of(1, 2, 2), pixels, new int[] {1}, 3).hash()).isNotEqualTo(hash);
    assertThat(Dataset.of(Shape.of(1, 1, 4), pixels, new int[] {1}, 2).hash()).isNotEqualTo(hash);
  }

  @Test
  void of_pixelsDoNotFit_namesBothCounts() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Dataset.of(Shape.of(1, 2, 2), new byte[7], new int[2], 3))
        .withMessageContaining("7 pixels, 2 labels");
  }

  @Test
  void of_labelOutside_namesItAndItsPlace() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Dataset.of(Shape.of(1, 1, 1), new byte[2], new int[] {0, 3}, 3))
        .withMessage("[dataset] labels must be in 0 … 2: 3 at 1");
  }
}
