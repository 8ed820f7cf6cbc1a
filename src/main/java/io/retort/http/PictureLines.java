package io.retort.http;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * The lines of a picture in bytes, 0 black and 255 white: grey, or red, green and blue. What is
 * transparent is black. The samples count as they stand in the file, without colour profiles.
 */
final class PictureLines {
  private static final int WHITE = 255;

  private final Raster raster;
  private final int width;
  private final int channels;
  private final int bands;
  private final int[] palette;
  private final int[] samples;

  PictureLines(BufferedImage image, int channels) {
    this.raster = image.getRaster();
    this.width = image.getWidth();
    this.channels = channels;
    this.bands = raster.getNumBands();
    this.palette = image.getColorModel() instanceof IndexColorModel model ? colours(model) : null;
    this.samples = new int[bands * width];
  }

  private static int[] colours(IndexColorModel model) {
    int[] colours = new int[model.getMapSize()];
    model.getRGBs(colours);
    return colours;
  }

  /** Line y: {@code into} takes the width of the first channel, then of the next. */
  void read(int y, int[] into) {
    raster.getPixels(0, y, width, 1, samples);
    for (int x = 0; x < width; x++) {
      if (palette != null) {
        int argb = palette[samples[x]];
        put(into, x, argb >> 16 & 0xff, argb >> 8 & 0xff, argb & 0xff, argb >>> 24);
      } else if (bands < 3) {
        int grey = sample(x, 0);
        put(into, x, grey, grey, grey, bands == 2 ? sample(x, 1) : WHITE);
      } else {
        put(into, x, sample(x, 0), sample(x, 1), sample(x, 2), bands == 4 ? sample(x, 3) : WHITE);
      }
    }
  }

  /** Brought to 8 bits. */
  private int sample(int x, int band) {
    int most = (1 << raster.getSampleModel().getSampleSize(band)) - 1;
    int value = samples[x * bands + band];
    return most == WHITE ? value : (value * WHITE + most / 2) / most;
  }

  private void put(int[] into, int x, int red, int green, int blue, int alpha) {
    if (channels == 1) {
      into[x] = shown(luma(red, green, blue), alpha);
    } else {
      into[x] = shown(red, alpha);
      into[width + x] = shown(green, alpha);
      into[2 * width + x] = shown(blue, alpha);
    }
  }

  /** ITU-R BT.601 in 16 bits; the weights make 1, so that grey stays what it is. */
  private static int luma(int red, int green, int blue) {
    return 19595 * red + 38470 * green + 7471 * blue + (1 << 15) >> 16;
  }

  private static int shown(int value, int alpha) {
    return alpha == WHITE ? value : (value * alpha + WHITE / 2) / WHITE;
  }
}
