package io.retort.device;

/** Which device to run on. */
public enum DeviceKind {
  /** The GPU where there is one, the CPU elsewhere. */
  AUTO,
  CPU,
  CUDA
}
