package io.retort.device;

/**
 * How a list of kernel calls is to run.
 *
 * @param ahead whether a run may be started before the one before it is finished, where the device
 *     can: its inputs are then copied while the other computes
 */
public record ExecutionSettings(Precision precision, boolean ahead) {
  /** In float32, one run after the other. */
  public static final ExecutionSettings DEFAULT = new ExecutionSettings(Precision.FLOAT32, false);
}
