package io.retort.device;

/** A device had no memory of the size that was asked for. */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OutOfDeviceMemoryException(String device, long bytes, Throwable cause) {
    super(
        "[memory] "
            + device
            + " must have "
            + bytes
            + " bytes free: "
            + Memory.allocatedBytes()
            + " bytes are held already",
        cause);
  }
}
