package io.retort.device;

import java.util.Set;

/** What the codes of the CUDA runtime mean to a program that goes on. */
final class CudaErrors {
  static final int SUCCESS = 0;
  static final int MEMORY_ALLOCATION = 2;

  /**
   * After these every call of the process fails: devices unavailable, context gone, ECC, NVLink,
   * contained; illegal address, launch timeout, context destroyed, assertion, stack, instruction,
   * misaligned address, address space, program counter, launch failure, tensor memory; external
   * device; unknown.
   */
  private static final Set<Integer> LASTING =
      Set.of(
          46, 201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 911, 999);

  private CudaErrors() {}

  static boolean isLasting(int code) {
    return LASTING.contains(code);
  }

  /** {@code reason} is CUDA's own text, {@code what} what was to be done. */
  static RuntimeException of(int code, String reason, String what) {
    return isLasting(code)
        ? new DeviceLostException("the GPU no longer answers: " + reason)
        : new IllegalStateException("[cuda] " + what + " must succeed: " + reason);
  }
}
