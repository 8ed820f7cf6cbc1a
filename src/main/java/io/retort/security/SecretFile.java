package io.retort.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads files that should be their owner's alone, and says so where one is not. */
final class SecretFile {
  private static final Logger LOG = LoggerFactory.getLogger(SecretFile.class);

  private SecretFile() {}

  /**
   * The text of a file.
   *
   * @param key the setting that names it
   */
  static String read(String key, Path file) {
    warnIfShared(key, file);
    return text(key, file);
  }

  /** The text of a file that everybody may read. */
  static String text(String key, Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("[security] " + key + ": there is no file " + file);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "[security] " + key + ": " + file + " cannot be read as text");
    }
  }

  static void warnIfShared(String key, Path file) {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    try {
      if (view != null
          && view.readAttributes().permissions().contains(PosixFilePermission.OTHERS_READ)) {
        LOG.warn("security: {} ({}) can be read by every user: chmod 600 {}", key, file, file);
      }
    } catch (IOException absent) {
      LOG.debug("security: the permissions of {} cannot be read", file, absent);
    }
  }
}
