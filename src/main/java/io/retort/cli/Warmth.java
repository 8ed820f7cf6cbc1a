package io.retort.cli;

import io.retort.config.Node;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import java.util.List;

/**
 * Loads what a server will need (Vert.x's classes, the native libraries) on threads of their own
 * while the command line and the settings are read: half of a start is such loading.
 */
public final class Warmth {
  private static final List<String> OTHERS =
      List.of("train", "distill", "evaluate", "--help", "-h", "--version", "-V");

  private Warmth() {}

  /** Begins at once, unless the command starts no server. */
  public static void begin(String... arguments) {
    if (arguments.length > 0 && OTHERS.contains(arguments[0])) {
      return;
    }
    Node.prepare();
    Thread natives = new Thread(Warmth::loadNatives, "retort-early-natives");
    natives.setDaemon(true);
    natives.start();
  }

  /** What fails here fails again, with a better message, where the device is opened for use. */
  private static void loadNatives() {
    try {
      Device.open(DeviceKind.CPU, 1).close();
    } catch (RuntimeException | LinkageError later) {
      return;
    }
  }
}
