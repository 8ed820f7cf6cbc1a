package io.retort.device;

/**
 * A device that was in use no longer answers, and will not in this process; its memory is gone. The
 * message says why.
 */
public final class DeviceLostException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  public DeviceLostException(String message) {
    super(message);
  }

  public DeviceLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
