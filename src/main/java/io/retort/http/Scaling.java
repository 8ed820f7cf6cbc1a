package io.retort.http;

/**
 * Brings lines of samples to another length: by the mean of what a new sample covers where they
 * become fewer, by linear interpolation where they become more. The same length changes nothing.
 */
final class Scaling {
  private final int[] first;
  private final float[][] weights;

  /** From {@code from} samples to {@code to}. */
  Scaling(int from, int to) {
    first = new int[to];
    weights = new float[to][];
    double step = (double) from / to;
    for (int i = 0; i < to; i++) {
      if (step > 1) {
        cover(i, i * step, (i + 1) * step, from);
      } else {
        interpolate(i, (i + 0.5) * step - 0.5, from);
      }
    }
  }

  private void cover(int index, double begin, double end, int from) {
    int low = (int) begin;
    int high = Math.min(from, (int) Math.ceil(end));
    float[] shares = new float[high - low];
    for (int j = low; j < high; j++) {
      shares[j - low] = (float) ((Math.min(end, j + 1) - Math.max(begin, j)) / (end - begin));
    }
    first[index] = low;
    weights[index] = shares;
  }

  private void interpolate(int index, double place, int from) {
    double inside = Math.max(0, Math.min(from - 1, place));
    int low = (int) inside;
    float right = (float) (inside - low);
    first[index] = low;
    weights[index] = right == 0 ? new float[] {1} : new float[] {1 - right, right};
  }

  int length() {
    return first.length;
  }

  /** The first of the samples that make sample {@code index}. */
  int first(int index) {
    return first[index];
  }

  /** Their shares, whose sum is 1. */
  float[] weights(int index) {
    return weights[index];
  }
}
