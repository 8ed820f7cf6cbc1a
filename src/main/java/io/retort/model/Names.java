package io.retort.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The names that may become a part of a path: none leaves its directory, none is hidden. */
final class Names {
  private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,8}");
  private static final Pattern LABEL = Pattern.compile("[a-z][a-z0-9._-]{0,31}");

  private Names() {}

  static boolean isModel(String name) {
    return name != null && MODEL.matcher(name).matches();
  }

  static boolean isVersion(String version) {
    return version != null && VERSION.matcher(version).matches();
  }

  /** Never mistaken for a version, nor for what the file of the live one is called. */
  static boolean isLabel(String word) {
    return word != null && LABEL.matcher(word).matches() && !word.equals("live");
  }

  static String model(String name) {
    if (!isModel(name)) {
      throw new IllegalArgumentException(
          "[models] a model's name must be of a-z, 0-9 and . _ -, begin with a letter or digit and"
              + " have at most 64: "
              + name);
    }
    return name;
  }

  /** The versions in a model's directory, the oldest first. */
  static List<Integer> versions(Path model) {
    try {
      return AtomicFiles.list(model).stream()
          .filter(each -> isVersion(each.getFileName().toString()) && Files.isDirectory(each))
          .map(each -> Integer.valueOf(each.getFileName().toString()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + model + " must be readable: " + SafeTensors.reason(e), e);
    }
  }
}
