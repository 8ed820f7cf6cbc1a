package io.retort.device;

import java.io.File;

/** Whether it is worth loading anything of CUDA: told by files alone, in microseconds. */
final class NvidiaDriver {
  /** What the driver makes where a device is given to this system, and what WSL makes. */
  private static final String[] DEVICES = {"/dev/nvidiactl", "/dev/dxg"};

  private NvidiaDriver() {}

  /** Why there is no NVIDIA device to be used here; null where there may be one. */
  static String absence() {
    if (System.getProperty("os.name").startsWith("Windows")) {
      String root = System.getenv().getOrDefault("SystemRoot", "C:\\Windows");
      return absence(root + "\\System32\\nvcuda.dll");
    }
    return absence(DEVICES);
  }

  static String absence(String... files) {
    for (String file : files) {
      if (new File(file).exists()) {
        return null;
      }
    }
    return "no NVIDIA driver";
  }
}
