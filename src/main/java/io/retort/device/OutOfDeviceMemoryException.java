package io.retort.device;

/** A device had no memory of the size that was asked for; what was there before is as it was. */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Says what was asked for and what there is.
   *
   * @param room what the device says of its own memory, or null
   * @param cause may be null
   */
  OutOfDeviceMemoryException(String device, long bytes, long held, String room, Throwable cause) {
    super(
        "[memory] "
            + device
            + " must have "
            + bytes
            + " bytes free: "
            + held
            + " bytes are held already"
            + (room == null ? "" : ", " + room),
        cause);
  }
}
