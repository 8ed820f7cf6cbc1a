package io.retort.distill;

import io.retort.data.Dataset;
import java.nio.FloatBuffer;

/** Figures worked out from logits [size, C], in double. */
final class Scores {
  private Scores() {}

  /** The share of samples whose largest logit is the label's; the first of equal ones counts. */
  static double accuracy(FloatBuffer logits, Dataset data) {
    int classes = logits.capacity() / data.size();
    int right = 0;
    for (int row = 0; row < data.size(); row++) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        if (logits.get(row * classes + c) > logits.get(row * classes + best)) {
          best = c;
        }
      }
      right += best == data.label(row) ? 1 : 0;
    }
    return (double) right / data.size();
  }

  /** Mean over the samples of KL(softmax(teacher) ‖ softmax(student)), in nats. */
  static double divergence(FloatBuffer teacher, FloatBuffer student, int classes) {
    int size = teacher.capacity() / classes;
    double[] p = new double[classes];
    double[] q = new double[classes];
    double sum = 0;
    for (int row = 0; row < size; row++) {
      logSoftmax(teacher, row, p);
      logSoftmax(student, row, q);
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(p[c]) * (p[c] - q[c]);
      }
    }
    return sum / size;
  }

  /** Mean over the samples of −log softmax(logits)[label], in nats. */
  static double crossEntropy(FloatBuffer logits, Dataset data) {
    double[] p = new double[logits.capacity() / data.size()];
    double sum = 0;
    for (int row = 0; row < data.size(); row++) {
      logSoftmax(logits, row, p);
      sum -= p[data.label(row)];
    }
    return sum / data.size();
  }

  private static void logSoftmax(FloatBuffer logits, int row, double[] into) {
    int classes = into.length;
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      into[c] = logits.get(row * classes + c);
      max = Math.max(max, into[c]);
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(into[c] - max);
    }
    double log = max + Math.log(sum);
    for (int c = 0; c < classes; c++) {
      into[c] -= log;
    }
  }
}
