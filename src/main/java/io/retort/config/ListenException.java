package io.retort.config;

import java.net.BindException;

/** A part cannot listen where its settings say; the message names the ways out. */
public final class ListenException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /**
   * Of one address.
   *
   * @param part that wanted to listen
   * @param choices how another port is chosen
   */
  public ListenException(String part, String host, int port, String choices, Throwable cause) {
    super(
        "[%s] %s:%d must be free to listen on: %s"
            .formatted(part, host, port, reason(choices, cause)),
        cause);
  }

  private static String reason(String choices, Throwable cause) {
    return cause instanceof BindException
        ? "another process has it, or the address is not of this machine; choose another by "
            + choices
        : cause.getMessage();
  }
}
