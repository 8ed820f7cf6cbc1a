package io.retort.data;

import io.retort.tensor.Shape;

/**
 * Moves every image by up to {@code pixels} places up or down and left or right, zeros coming in at
 * the border: what Hinton, Vinyals and Dean (2015) train their MNIST teacher with. The move is a
 * pure function of seed, epoch and row.
 *
 * @param pixels the longest move, 0 or more
 */
public record Jitter(int pixels, long seed, int epoch) {
  public Jitter {
    if (pixels < 0 || pixels > 1024) {
      throw new IllegalArgumentException("[jitter] pixels must be in 0 … 1024: " + pixels);
    }
  }

  /**
   * Writes one moved image of shape [C, H, W], whose first pixel is pixels[at], through the table.
   */
  void apply(int row, byte[] source, int at, Shape sample, float[] table, float[] into) {
    SplitMix random = SplitMix.of(seed ^ SplitMix.mix(epoch), row);
    int down = random.below(2 * pixels + 1) - pixels;
    int right = random.below(2 * pixels + 1) - pixels;
    int height = sample.dim(sample.rank() - 2);
    int width = sample.dim(sample.rank() - 1);
    int lines = (int) (sample.size() / width);
    for (int line = 0; line < lines; line++) {
      int y = line % height - down;
      for (int column = 0; column < width; column++) {
        int x = column - right;
        boolean inside = y >= 0 && y < height && x >= 0 && x < width;
        into[line * width + column] =
            inside ? table[source[at + (line - down) * width + x] & 0xff] : 0;
      }
    }
  }
}
