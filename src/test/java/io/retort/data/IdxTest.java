package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.retort.data.Dataset.Split;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
  private static final String IMAGES = "train-images-idx3-ubyte";
  private static final String LABELS = "train-labels-idx1-ubyte";
  private static Path mutated;

  @BeforeContainer
  static void makeDirectory() throws IOException {
    mutated = Files.createTempDirectory("idx");
  }

  @AfterContainer
  static void removeDirectory() throws IOException {
    for (String name : new String[] {IMAGES, LABELS}) {
      Files.deleteIfExists(mutated.resolve(name));
    }
    Files.deleteIfExists(mutated);
  }

  private static byte[] idx(int magic, int[] dims, byte[] values) {
    try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(magic);
      for (int dim : dims) {
        out.writeInt(dim);
      }
      out.write(values);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] images() {
    byte[] pixels = new byte[4 * 6];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 11);
    }
    return idx(0x803, new int[] {4, 2, 3}, pixels);
  }

  private static byte[] labels() {
    return idx(0x801, new int[] {4}, new byte[] {3, 1, 9, 0});
  }

  private static byte[] gzip(byte[] plain) {
    try (ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
      try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
        out.write(plain);
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path directory, byte[] images, byte[] labels) throws IOException {
    Files.write(directory.resolve(IMAGES), images);
    Files.write(directory.resolve(LABELS), labels);
  }

  private static void assertRefused(Path directory, String... parts) {
    assertThatExceptionOfType(DatasetException.class)
        .isThrownBy(() -> Dataset.idx(directory, Split.TRAIN))
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  @Test
  void idx_plainAndGzipped_readTheSame(@TempDir Path plain, @TempDir Path gzipped)
      throws IOException {
    write(plain, images(), labels());
    Files.write(gzipped.resolve(IMAGES + ".gz"), gzip(images()));
    Files.write(gzipped.resolve(LABELS + ".gz"), gzip(labels()));
    Dataset dataset = Dataset.open(plain, Split.TRAIN);
    assertThat(dataset.size()).isEqualTo(4);
    assertThat(dataset.label(2)).isEqualTo(9);
    assertThat(dataset.hash()).isEqualTo(Dataset.open(gzipped, Split.TRAIN).hash());
  }

  @Test
  void idx_gzipUnderAPlainName_isRead(@TempDir Path directory) throws IOException {
    write(directory, gzip(images()), labels());
    assertThat(Dataset.idx(directory, Split.TRAIN).size()).isEqualTo(4);
  }

  @Test
  void idx_noDirectory_namesIt(@TempDir Path directory) {
    assertRefused(directory.resolve("nowhere"), "data directory", "nowhere");
  }

  @Test
  void idx_missingFile_namesBothNames(@TempDir Path directory) throws IOException {
    Files.write(directory.resolve(IMAGES), images());
    assertRefused(directory, directory.toString(), LABELS + " or " + LABELS + ".gz");
  }

  @Test
  void idx_truncatedPixels_namesFileAndBothSizes(@TempDir Path directory) throws IOException {
    write(directory, Arrays.copyOf(images(), images().length - 1), labels());
    assertRefused(directory, IMAGES, "24 bytes", "it has 23");
  }

  @Test
  void idx_truncatedHeader_namesFile(@TempDir Path directory) throws IOException {
    write(directory, Arrays.copyOf(images(), 9), labels());
    assertRefused(directory, IMAGES, "header of 16 bytes", "it has 9");
  }

  @Test
  void idx_emptyFile_isRefused(@TempDir Path directory) throws IOException {
    write(directory, images(), new byte[0]);
    assertRefused(directory, LABELS, "header of 8 bytes", "it has 0");
  }

  @Test
  void idx_trailingBytes_areRefused(@TempDir Path directory) throws IOException {
    write(directory, images(), Arrays.copyOf(labels(), labels().length + 1));
    assertRefused(directory, LABELS, "4 bytes", "it has more");
  }

  @Test
  void idx_labelsAsImages_namesBothMagics(@TempDir Path directory) throws IOException {
    write(directory, labels(), labels());
    assertRefused(directory, IMAGES, "00000803", "00000801");
  }

  @Test
  void idx_foreignFile_namesItsFirstBytes(@TempDir Path directory) throws IOException {
    write(directory, "PK\3\4 this is a zip".getBytes("US-ASCII"), labels());
    assertRefused(directory, IMAGES, "00000803", "504b0304");
  }

  @Test
  void idx_zeroOrNegativeDimension_isRefused(@TempDir Path directory) throws IOException {
    write(directory, idx(0x803, new int[] {4, 0, 3}, new byte[0]), labels());
    assertRefused(directory, IMAGES, "[4, 0, 3]");
    write(directory, idx(0x803, new int[] {-1, 2, 3}, new byte[6]), labels());
    assertRefused(directory, IMAGES, "[4294967295, 2, 3]");
  }

  @Test
  void idx_hugeClaim_isRefusedWithoutTakingMemory(@TempDir Path directory) throws IOException {
    byte[] claim = idx(0x803, new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, 4}, new byte[6]);
    write(directory, claim, labels());
    assertRefused(directory, IMAGES, "at most");
    write(directory, gzip(idx(0x803, new int[] {2_000_000_000, 1, 1}, new byte[6])), labels());
    assertRefused(directory, IMAGES, "2000000000 bytes", "at most");
  }

  @Test
  void idx_countsDiffer_namesBothFilesAndCounts(@TempDir Path directory) throws IOException {
    write(directory, images(), idx(0x801, new int[] {3}, new byte[3]));
    assertRefused(directory, IMAGES, LABELS, "4 images", ": 3");
  }

  @Test
  void idx_labelOutOfRange_namesItAndItsPlace(@TempDir Path directory) throws IOException {
    write(directory, images(), idx(0x801, new int[] {4}, new byte[] {0, 1, 10, 2}));
    assertRefused(directory, LABELS, "0 … 9", "10 at 2");
    assertThat(Dataset.idx(directory, Split.TRAIN, 11).label(2)).isEqualTo(10);
  }

  @Test
  void idx_brokenGzip_namesFile(@TempDir Path directory) throws IOException {
    byte[] gzipped = gzip(images());
    gzipped[gzipped.length - 6] ^= 1;
    write(directory, gzipped, labels());
    assertRefused(directory, IMAGES);
    write(directory, Arrays.copyOf(gzipped, 20), labels());
    assertRefused(directory, IMAGES);
    write(directory, Arrays.copyOf(gzipped, 5), labels());
    assertRefused(directory, IMAGES);
  }

  @Property(tries = 1500, seed = "2")
  void idx_mutated_isReadOrRefusedWithFileAndReason(
      @ForAll boolean zipped,
      @ForAll boolean inLabels,
      @ForAll long seed,
      @ForAll @IntRange(max = 3) int kind)
      throws IOException {
    byte[] plain = inLabels ? labels() : images();
    byte[] bytes = mutate(zipped ? gzip(plain) : plain, new Random(seed), kind);
    write(mutated, inLabels ? images() : bytes, inLabels ? bytes : labels());
    try {
      assertThat(Dataset.idx(mutated, Split.TRAIN).size()).isEqualTo(4);
    } catch (DatasetException e) {
      assertThat(e.getMessage()).startsWith("[idx] ").contains(inLabels ? LABELS : IMAGES, ": ");
    }
  }

  /** Cut short, lengthened, one bit flipped, or a few bytes overwritten. */
  private static byte[] mutate(byte[] bytes, Random random, int kind) {
    byte[] result = bytes.clone();
    switch (kind) {
      case 0 -> result = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1 -> result = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(20));
      case 2 -> result[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      default -> {
        for (int i = 0; i < 4; i++) {
          result[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
      }
    }
    return result;
  }
}
