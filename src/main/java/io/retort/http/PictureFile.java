package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes PNG and JPEG files, which its first bytes tell apart; only on worker threads. */
final class PictureFile {
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};
  private static final byte[] JPEG = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
  private static final byte MARKER = (byte) 0xff;
  private static final byte START_OF_SCAN = (byte) 0xda;

  /** A progressive JPEG has about ten, and each goes over the whole picture. */
  private static final int MAX_SCANS = 100;

  private static final int MAX_SIDE = 1 << 14;

  static {
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
  }

  private PictureFile() {}

  /**
   * Decodes a file, after a look at the size that it claims.
   *
   * @throws FailureException INVALID_IMAGE, naming the file by its index
   */
  static BufferedImage decode(byte[] file, int index, long maxPixels) {
    ImageReader reader = ImageIO.getImageReadersByFormatName(format(file, index)).next();
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      reader.setInput(in, true, true);
      requireSize(reader.getWidth(0), reader.getHeight(0), index, maxPixels);
      return reader.read(0);
    } catch (FailureException refusal) {
      throw refusal;
    } catch (IOException | RuntimeException broken) {
      throw Failure.INVALID_IMAGE.because("picture " + index + " cannot be decoded");
    } finally {
      reader.dispose();
    }
  }

  private static String format(byte[] file, int index) {
    if (begins(file, PNG)) {
      return "png";
    }
    if (!begins(file, JPEG)) {
      throw Failure.INVALID_IMAGE.because("picture " + index + " must be a PNG or a JPEG file");
    }
    int scans = scans(file);
    if (scans > MAX_SCANS) {
      throw Failure.INVALID_IMAGE.because(
          "picture " + index + " may have " + MAX_SCANS + " scans: it has " + scans);
    }
    return "jpeg";
  }

  private static boolean begins(byte[] file, byte[] with) {
    return file.length > with.length && Arrays.equals(file, 0, with.length, with, 0, with.length);
  }

  private static int scans(byte[] file) {
    int scans = 0;
    for (int i = 1; i < file.length; i++) {
      if (file[i] == START_OF_SCAN && file[i - 1] == MARKER) {
        scans++;
      }
    }
    return scans;
  }

  private static void requireSize(int width, int height, int index, long maxPixels) {
    if (width > MAX_SIDE || height > MAX_SIDE) {
      throw Failure.INVALID_IMAGE.because(
          "picture %d may be %d pixels wide and high: it is %d x %d"
              .formatted(index, MAX_SIDE, width, height));
    }
    if ((long) width * height > maxPixels) {
      throw Failure.INVALID_IMAGE.because(
          "picture %d may have %d pixels, what those before it leave: it has %d x %d"
              .formatted(index, maxPixels, width, height));
    }
  }
}
