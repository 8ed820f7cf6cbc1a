package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PicturesTest {
  private static final int SIDE = 12;
  private static final PictureShape GREY = new PictureShape(1, SIDE, SIDE);
  private static final PictureShape COLOURS = new PictureShape(3, SIDE, SIDE);
  private final Pictures pictures = new Pictures(1 << 16);

  @Test
  void read_greyOfTheSameSize_isItsBytesOver255InEveryKindOfPng() throws IOException {
    int[] grey = random(1);
    float[] expected = scaled(grey);
    BufferedImage plain = image(BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage deep = image(BufferedImage.TYPE_USHORT_GRAY);
    BufferedImage colours = image(BufferedImage.TYPE_3BYTE_BGR);
    BufferedImage clear = image(BufferedImage.TYPE_INT_ARGB);
    BufferedImage palette = new BufferedImage(SIDE, SIDE, 13, ramp());
    for (int i = 0; i < grey.length; i++) {
      plain.getRaster().setSample(i % SIDE, i / SIDE, 0, grey[i]);
      deep.getRaster().setSample(i % SIDE, i / SIDE, 0, grey[i] * 257);
      palette.getRaster().setSample(i % SIDE, i / SIDE, 0, 255 - grey[i]);
      colours.setRGB(i % SIDE, i / SIDE, grey[i] * 0x010101);
      clear.setRGB(i % SIDE, i / SIDE, 0xff000000 | grey[i] * 0x010101);
    }
    for (BufferedImage image : List.of(plain, deep, palette, colours, clear)) {
      assertThat(read(png(image), GREY, false)).as("%s", image).containsExactly(expected);
    }
    assertThat(read(png(plain), COLOURS, false)).hasSize(3 * expected.length).endsWith(expected);
  }

  @Test
  void read_blackAndWhite_isZeroAndOne() throws IOException {
    BufferedImage image = image(BufferedImage.TYPE_BYTE_BINARY);
    image.setRGB(3, 0, 0xffffffff);
    float[] expected = new float[SIDE * SIDE];
    expected[3] = 1;

    assertThat(read(png(image), GREY, false)).containsExactly(expected);
  }

  @Test
  void read_colours_areChannelAfterChannelOrTheirLuma() throws IOException {
    BufferedImage image = image(BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0xff8000);

    float[] planes = read(png(image), COLOURS, false);
    assertThat(planes[0]).isEqualTo(1);
    assertThat(planes[SIDE * SIDE]).isEqualTo(128 / 255f);
    assertThat(planes[2 * SIDE * SIDE]).isZero();
    assertThat(read(png(image), GREY, false)[0])
        .isEqualTo(Math.round(0.299 * 255 + 0.587 * 128) / 255f);
  }

  @Test
  void read_transparent_isBlackAndInvertedIsWhite() throws IOException {
    BufferedImage image = image(BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x80ffffff);

    assertThat(read(png(image), GREY, false)).startsWith(128 / 255f, 0f, 0f);
    assertThat(read(png(image), GREY, true)).startsWith(127 / 255f, 1f, 1f);
  }

  @Test
  void read_manyTimesLarger_isTheMean() throws IOException {
    int[] grey = random(2);
    BufferedImage image = new BufferedImage(4 * SIDE, 2 * SIDE, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < 2 * SIDE; y++) {
      for (int x = 0; x < 4 * SIDE; x++) {
        image.getRaster().setSample(x, y, 0, grey[y / 2 * SIDE + x / 4]);
      }
    }

    assertThat(read(png(image), GREY, false)).containsExactly(scaled(grey));
  }

  @Test
  void read_smaller_staysWithinItsNeighbours() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSample(1, 0, 0, 255);

    float[] row = read(png(image), GREY, false);

    for (int y = 0; y < SIDE; y++) {
      assertThat(Arrays.copyOfRange(row, y * SIDE, (y + 1) * SIDE)).isSorted().startsWith(0, 0, 0);
    }
    assertThat(row[SIDE - 1]).isEqualTo(1);
  }

  @Test
  void read_jpeg_isNearToWhatWasDrawn() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_3BYTE_BGR}) {
      BufferedImage image = new BufferedImage(2 * SIDE, 2 * SIDE, type);
      image.getRaster().setPixels(0, 0, 8, 8, filled(64 * image.getRaster().getNumBands(), 200));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(image, "jpeg", out);

      float[] row = read(out.toByteArray(), GREY, false);

      assertThat(row[0]).isBetween(0.7f, 0.87f);
      assertThat(row[SIDE * SIDE - 1]).isLessThan(0.05f);
    }
  }

  @Test
  void read_severalFiles_isOneRowEach() throws IOException {
    BufferedImage white = image(BufferedImage.TYPE_BYTE_GRAY);
    white.getRaster().setPixels(0, 0, SIDE, SIDE, filled(SIDE * SIDE, 255));

    Rows rows =
        pictures.read(List.of(png(image(BufferedImage.TYPE_BYTE_GRAY)), png(white)), GREY, false);

    assertThat(rows.count()).isEqualTo(2);
    assertThat(rows.values()[0]).isZero();
    assertThat(rows.values()[SIDE * SIDE]).isEqualTo(1);
  }

  @Test
  void read_claimsMorePixelsThanAllowed_isRefusedBeforeTheyAreMade() throws IOException {
    byte[] file = png(image(BufferedImage.TYPE_BYTE_GRAY));
    for (int[] size : new int[][] {{257, 256}, {16384, 16384}, {16385, 1}, {1, 2_000_000_000}}) {
      requireRefused(List.of(claiming(file, size[0], size[1])), "picture 0 may");
    }
    byte[] half = png(new BufferedImage(256, 129, BufferedImage.TYPE_BYTE_GRAY));
    requireRefused(List.of(half, half), "picture 1 may have 32512 pixels");
  }

  @Test
  void read_manySmallFilesForALargeModel_areRefusedBeforeTheirRowsAreMade() throws IOException {
    byte[] small = png(image(BufferedImage.TYPE_BYTE_GRAY));
    PictureShape large = new PictureShape(3, 100, 100);

    assertThat(pictures.read(List.of(small, small), large, false).count()).isEqualTo(2);
    assertThatThrownBy(() -> pictures.read(List.of(small, small, small), large, false))
        .hasMessage("a request may hold 2 pictures for this model: 3 came");
  }

  @Test
  void read_cutAnywhereOrFilledWithNoise_isRefusedOrDrawn() throws IOException {
    BufferedImage image = image(BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setPixels(0, 0, SIDE, SIDE, random(3));
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(image, "jpeg", jpeg);
    SplittableRandom random = new SplittableRandom(4);
    for (byte[] file : List.of(png(image), jpeg.toByteArray())) {
      for (int i = 0; i < 300; i++) {
        byte[] broken = Arrays.copyOf(file, random.nextInt(file.length));
        for (int j = 0; j < 3 && broken.length > 8; j++) {
          broken[random.nextInt(8, broken.length)] = (byte) random.nextInt();
        }
        try {
          assertThat(pictures.read(List.of(broken), GREY, false).values()).hasSize(SIDE * SIDE);
        } catch (FailureException refusal) {
          assertThat(refusal.failure()).isEqualTo(Failure.INVALID_IMAGE);
        }
      }
    }
    requireRefused(List.of(Arrays.copyOf(png(image), 60)), "picture 0 cannot be decoded");
  }

  @Test
  void read_otherFilesAndEndlessScans_areRefused() throws IOException {
    byte[] scans = new byte[1000];
    for (int i = 0; i < 996; i += 2) {
      scans[i] = (byte) 0xff;
      scans[i + 1] = (byte) (i == 0 ? 0xd8 : 0xda);
    }
    requireRefused(List.of("GIF89a...".getBytes("US-ASCII")), "must be a PNG or a JPEG file");
    requireRefused(List.of(new byte[0]), "must be a PNG or a JPEG file");
    requireRefused(List.of(scans), "may have 100 scans");
  }

  private void requireRefused(List<byte[]> files, String sentence) {
    assertThatThrownBy(() -> pictures.read(files, GREY, false))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(Failure.INVALID_IMAGE))
        .hasMessageContaining(sentence);
  }

  private float[] read(byte[] file, PictureShape shape, boolean invert) {
    return pictures.read(List.of(file), shape, invert).values();
  }

  private static BufferedImage image(int type) {
    return new BufferedImage(SIDE, SIDE, type);
  }

  private static IndexColorModel ramp() {
    byte[] falling = new byte[256];
    for (int i = 0; i < 256; i++) {
      falling[i] = (byte) (255 - i);
    }
    return new IndexColorModel(8, 256, falling, falling, falling);
  }

  private static int[] random(long seed) {
    return new SplittableRandom(seed).ints(SIDE * SIDE, 0, 256).toArray();
  }

  private static int[] filled(int length, int value) {
    int[] values = new int[length];
    Arrays.fill(values, value);
    return values;
  }

  private static float[] scaled(int[] grey) {
    float[] values = new float[grey.length];
    for (int i = 0; i < grey.length; i++) {
      values[i] = grey[i] / 255f;
    }
    return values;
  }

  static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, "png", out)).isTrue();
    return out.toByteArray();
  }

  /** The same file with another width and height in its header, whose checksum is set right. */
  private static byte[] claiming(byte[] png, int width, int height) {
    java.nio.ByteBuffer file = java.nio.ByteBuffer.wrap(png.clone());
    file.putInt(16, width).putInt(20, height);
    java.util.zip.CRC32 sum = new java.util.zip.CRC32();
    sum.update(file.array(), 12, 17);
    return file.putInt(29, (int) sum.getValue()).array();
  }
}
