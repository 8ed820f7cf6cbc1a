package io.retort.graph;

import java.util.Locale;

/** Every kind of node. The name, in small letters, is the one of {@code kernels.h}. */
public enum Op {
  INPUT,
  PARAMETER,
  STATE,
  CONSTANT,
  MATMUL,
  CONV2D,
  CONV2D_MAX_POOL2D,
  CONV2D_BACKWARD_INPUT,
  CONV2D_BACKWARD_WEIGHT,
  BIAS,
  BIAS_BACKWARD,
  MAX_POOL2D,
  MAX_POOL2D_BACKWARD,
  AVG_POOL2D,
  AVG_POOL2D_BACKWARD,
  UNARY,
  UNARY_BACKWARD,
  BINARY,
  REDUCE,
  RESHAPE,
  PERMUTE,
  SLICE,
  PAD,
  CONCAT,
  COPY,
  DROPOUT,
  SOFTMAX,
  SOFTMAX_BACKWARD,
  LOG_SOFTMAX,
  LOG_SOFTMAX_BACKWARD,
  SOFTMAX_KL,
  CROSS_ENTROPY,
  MSE,
  BATCH_NORM,
  BATCH_NORM_INFERENCE,
  BATCH_NORM_BACKWARD,
  LAYER_NORM,
  LAYER_NORM_BACKWARD,
  EMBEDDING,
  EMBEDDING_BACKWARD,
  ATTENTION,
  ATTENTION_BACKWARD,
  STOP_GRADIENT,
  SGD,
  ADAM;

  private static final int[] NONE = {};
  private static final int[] FIRST = {0};
  private static final int[] SECOND = {1};
  private static final int[] BOTH = {0, 1};

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The name that an error begins with: that of the elementwise op where there is one. */
  String label(Attributes attributes) {
    return switch (this) {
      case UNARY -> ((Attributes.Unary) attributes).op().toString();
      case BINARY -> ((Attributes.Binary) attributes).op().toString();
      case REDUCE -> ((Attributes.Reduce) attributes).op().toString();
      default -> text();
    };
  }

  /** Labels, seeds and indices are int32; other inputs float32, where the op does not take any. */
  boolean takesInteger(int input) {
    return switch (this) {
      case CROSS_ENTROPY, DROPOUT, MAX_POOL2D_BACKWARD, EMBEDDING, EMBEDDING_BACKWARD -> input == 1;
      default -> false;
    };
  }

  boolean takesAny() {
    return this == PERMUTE || this == SLICE || this == CONCAT || this == RESHAPE || this == COPY;
  }

  boolean isSource() {
    return this == INPUT || isVariable() || this == CONSTANT;
  }

  boolean isVariable() {
    return this == PARAMETER || this == STATE;
  }

  /** An optimiser's step: it has no output and runs after everything that reads its parameter. */
  boolean isUpdate() {
    return this == SGD || this == ADAM;
  }

  /** The output is the input's memory under another shape. */
  boolean isView() {
    return this == RESHAPE;
  }

  /** The first of the inputs that are written in place; those after it are too. */
  int writesFrom() {
    return switch (this) {
      case BATCH_NORM, SGD -> 3;
      case ADAM -> 4;
      default -> Integer.MAX_VALUE;
    };
  }

  /** The inputs whose memory the first output may take over, as {@code kernels.h} allows. */
  int[] inPlace() {
    return switch (this) {
      case BIAS, UNARY, DROPOUT, BATCH_NORM_INFERENCE -> FIRST;
      case UNARY_BACKWARD -> SECOND;
      case BINARY -> BOTH;
      default -> NONE;
    };
  }
}
