package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.data.Dataset;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoftLabelsTest {
  private static final int SIZE = 20;
  private static final int CLASSES = 10;

  @TempDir Path directory;
  private final Dataset data = Trial.train(SIZE);

  private SoftLabels labels() {
    return new SoftLabels(directory.resolve("softlabels"), data, "abc", CLASSES);
  }

  private static boolean fill(FloatBuffer into) {
    for (int i = 0; i < into.capacity(); i++) {
      into.put(i, i * 0.5f);
    }
    return true;
  }

  @Test
  void create_thenFind_givesTheSameLogits() {
    assertThat(labels().find()).isEmpty();
    FloatBuffer made = labels().create(SoftLabelsTest::fill).orElseThrow();
    FloatBuffer found = labels().find().orElseThrow();
    assertThat(found.capacity()).isEqualTo(SIZE * CLASSES);
    assertThat(found).isEqualTo(made);
    assertThat(found.get(7)).isEqualTo(3.5f);
  }

  @Test
  void find_otherTeacher_isEmpty() {
    labels().create(SoftLabelsTest::fill);
    assertThat(new SoftLabels(directory.resolve("softlabels"), data, "other", CLASSES).find())
        .isEmpty();
  }

  @Test
  void find_truncatedFile_isEmpty() throws Exception {
    labels().create(SoftLabelsTest::fill);
    try (FileChannel channel = FileChannel.open(labels().file(), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 100);
    }
    assertThat(labels().find()).isEmpty();
  }

  @Test
  void find_oneBitFlipped_isEmpty() throws Exception {
    labels().create(SoftLabelsTest::fill);
    byte[] bytes = Files.readAllBytes(labels().file());
    bytes[123] ^= 4;
    Files.write(labels().file(), bytes);
    assertThat(labels().find()).isEmpty();
  }

  @Test
  void create_stopped_leavesNoFile() throws Exception {
    assertThat(labels().create(into -> false)).isEmpty();
    try (Stream<Path> files = Files.list(directory.resolve("softlabels"))) {
      assertThat(files).isEmpty();
    }
  }
}
