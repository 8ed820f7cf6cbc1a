package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.LiveModel;
import java.util.List;

/**
 * The picture that a model takes.
 *
 * @param channels 1 for grey, 3 for red, green and blue
 */
record PictureShape(int channels, int height, int width) {

  /**
   * Of [C, H, W], of [H, W], and of a flat sample whose length is a square.
   *
   * @throws io.retort.bus.FailureException INVALID_IMAGE for any other
   */
  static PictureShape of(LiveModel model) {
    List<Integer> sample = model.sample();
    int rank = sample.size();
    int side = (int) Math.round(Math.sqrt(model.features()));
    if (rank == 3 && (sample.get(0) == 1 || sample.get(0) == 3)) {
      return new PictureShape(sample.get(0), sample.get(1), sample.get(2));
    }
    if (rank == 2) {
      return new PictureShape(1, sample.get(0), sample.get(1));
    }
    if (rank == 1 && side * side == model.features()) {
      return new PictureShape(1, side, side);
    }
    throw Failure.INVALID_IMAGE.because(
        model.model() + " takes no pictures but numbers of the shape " + sample);
  }

  int size() {
    return channels * height * width;
  }
}
