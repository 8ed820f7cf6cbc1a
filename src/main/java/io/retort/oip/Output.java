package io.retort.oip;

import io.retort.bus.Failure;
import io.retort.bus.PredictReply;

/** What every model gives. A request that names none gets all, in this order. */
public enum Output {
  /** FP32 [rows, classes], one probability a class. */
  PROBABILITIES("probabilities", "FP32", 4),
  /** INT64 [rows], the class of the greatest probability; the first where several are equal. */
  CLASS("class", "INT64", 8);

  private final String tensor;
  private final String datatype;
  private final int bytes;

  Output(String tensor, String datatype, int bytes) {
    this.tensor = tensor;
    this.datatype = datatype;
    this.bytes = bytes;
  }

  /**
   * The output of this name.
   *
   * @throws io.retort.bus.FailureException INVALID_TENSOR for another name
   */
  public static Output named(String name) {
    if (PROBABILITIES.tensor.equals(name)) {
      return PROBABILITIES;
    }
    if (CLASS.tensor.equals(name)) {
      return CLASS;
    }
    throw Failure.INVALID_TENSOR.because("outputs are probabilities and class: " + name + " came");
  }

  /** The name of its tensor. */
  public String tensor() {
    return tensor;
  }

  public String datatype() {
    return datatype;
  }

  /** The sizes of its dimensions. */
  public int[] shape(int rows, int classes) {
    return this == PROBABILITIES ? new int[] {rows, classes} : new int[] {rows};
  }

  /** What it takes as binary data. */
  public int bytes(PredictReply reply) {
    return bytes * (this == PROBABILITIES ? reply.predictions().length : reply.rows());
  }

  /** The class of the greatest probability in one row of an answer. */
  public static int classOf(PredictReply reply, int row) {
    float[] values = reply.predictions();
    int classes = values.length / reply.rows();
    int best = row * classes;
    for (int i = best + 1; i < (row + 1) * classes; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best - row * classes;
  }
}
