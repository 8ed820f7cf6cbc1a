package io.retort.device;

import java.util.Locale;

/**
 * How products of float32 tensors are computed where the device has a choice; sums are float32 each
 * time, and so are all tensors. The CPU computes in float32.
 */
public enum Precision {
  FLOAT32,
  /** Factors rounded to TensorFloat-32: 8 bits of exponent, 10 of mantissa. */
  TF32,
  /** Factors rounded to bfloat16: 8 bits of exponent, 7 of mantissa. */
  BFLOAT16;

  /** As it is written in settings and recipes: {@code bfloat16}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  Native.KernelPrecision ofKernels() {
    return Native.KernelPrecision.valueOf(word());
  }
}
