package io.retort.http;

import io.retort.bus.Failure;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * PNG and JPEG files as rows of a model: each picture is stretched to the model's height and width,
 * in its colours or in grey, 0 black and 1 white.
 */
final class Pictures {
  private static final float WHITE = 255f;

  private final int maxPixels;

  /** {@code maxPixels} of all files of a request together, whatever they become. */
  Pictures(int maxPixels) {
    this.maxPixels = maxPixels;
  }

  /**
   * One row a file; only on worker threads.
   *
   * @param invert whether 0 is white and 1 is black
   * @throws io.retort.bus.FailureException INVALID_IMAGE, or BATCH_TOO_LARGE for more rows than
   *     make as many numbers as there may be pixels
   */
  Rows read(List<byte[]> files, PictureShape shape, boolean invert) {
    int most = Math.max(1, maxPixels / shape.size());
    if (files.size() > most) {
      throw Failure.BATCH_TOO_LARGE.because(
          "a request may hold " + most + " pictures for this model: " + files.size() + " came");
    }
    float[] values = new float[files.size() * shape.size()];
    long pixels = 0;
    for (int i = 0; i < files.size(); i++) {
      BufferedImage image = PictureFile.decode(files.get(i), i, maxPixels - pixels);
      pixels += (long) image.getWidth() * image.getHeight();
      stretch(image, shape, values, i * shape.size());
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (invert ? WHITE - values[i] : values[i]) / WHITE;
    }
    return new Rows(files.size(), values);
  }

  /** Adds every line, brought to the new width, to the new lines that it has a share in. */
  private static void stretch(BufferedImage image, PictureShape shape, float[] into, int at) {
    PictureLines lines = new PictureLines(image, shape.channels());
    Scaling across = new Scaling(image.getWidth(), shape.width());
    Scaling down = new Scaling(image.getHeight(), shape.height());
    int[] line = new int[shape.channels() * image.getWidth()];
    int open = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      lines.read(y, line);
      while (open < shape.height() && down.first(open) + down.weights(open).length <= y) {
        open++;
      }
      for (int i = open; i < shape.height() && down.first(i) <= y; i++) {
        float share = down.weights(i)[y - down.first(i)];
        for (int channel = 0; channel < shape.channels(); channel++) {
          int row = at + (channel * shape.height() + i) * shape.width();
          add(line, channel * image.getWidth(), across, share, into, row);
        }
      }
    }
  }

  private static void add(
      int[] line, int from, Scaling across, float share, float[] into, int row) {
    for (int x = 0; x < across.length(); x++) {
      float[] weights = across.weights(x);
      int first = from + across.first(x);
      float sum = 0;
      for (int k = 0; k < weights.length; k++) {
        sum += weights[k] * line[first + k];
      }
      into[row + x] += share * sum;
    }
  }
}
