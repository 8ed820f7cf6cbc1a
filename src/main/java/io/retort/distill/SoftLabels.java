package io.retort.distill;

import io.retort.data.Dataset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.zip.CRC32C;

/**
 * A teacher's logits for every sample of a data set, in a file that is worked out once and then
 * mapped: float32 little-endian [size, C], and behind them their CRC-32C as an int64. The file is
 * named by what it follows from, so another teacher or data set has another file.
 */
final class SoftLabels {
  private static final int CHECKSUM_BYTES = Long.BYTES;

  private final Path file;
  private final long floats;

  SoftLabels(Path directory, Dataset data, String teacherHash, int classes) {
    this.file = directory.resolve(data.hash() + "-" + teacherHash + "-logits.f32");
    this.floats = (long) data.size() * classes;
    if (floats * Float.BYTES > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "[soft-labels] a file must be below 2 GiB: " + floats * Float.BYTES + " bytes");
    }
  }

  Path file() {
    return file;
  }

  /**
   * The logits of an earlier run; none where the file is missing, of another length, or damaged.
   */
  Optional<FloatBuffer> find() {
    try {
      if (!Files.exists(file) || Files.size(file) != floats * Float.BYTES + CHECKSUM_BYTES) {
        return Optional.empty();
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        ByteBuffer all =
            channel.map(MapMode.READ_ONLY, 0, channel.size()).order(ByteOrder.LITTLE_ENDIAN);
        int end = (int) (floats * Float.BYTES);
        ByteBuffer logits = all.slice(0, end).order(ByteOrder.LITTLE_ENDIAN);
        return all.getLong(end) == checksum(logits)
            ? Optional.of(logits.asFloatBuffer())
            : Optional.empty();
      }
    } catch (IOException e) {
      throw new IllegalStateException(
          "[soft-labels] " + file + " cannot be read: " + Job.reason(e), e);
    }
  }

  /**
   * Has the logits worked out into a file beside the real one, which takes its name once it is
   * whole.
   *
   * @param answer fills the buffer; false when it was stopped, and then there is no file
   */
  Optional<FloatBuffer> create(Predicate<FloatBuffer> answer) {
    Path beside = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.createDirectories(file.getParent());
      int end = (int) (floats * Float.BYTES);
      try (FileChannel channel =
          FileChannel.open(
              beside,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        reserve(channel, end + CHECKSUM_BYTES);
        MappedByteBuffer all = channel.map(MapMode.READ_WRITE, 0, end + CHECKSUM_BYTES);
        all.order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer logits = all.slice(0, end).order(ByteOrder.LITTLE_ENDIAN);
        if (!answer.test(logits.asFloatBuffer())) {
          Files.delete(beside);
          return Optional.empty();
        }
        all.putLong(end, checksum(logits));
        all.force();
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return find();
    } catch (IOException e) {
      throw new IllegalStateException(
          "[soft-labels] " + file + " cannot be written: " + Job.reason(e), e);
    }
  }

  /** Writes zeros: a full disk is an error here, where through a mapping it would end the JVM. */
  private static void reserve(FileChannel channel, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 16);
    for (long left = bytes; left > 0; left -= zeros.position()) {
      zeros.position(0).limit((int) Math.min(left, zeros.capacity()));
      while (zeros.hasRemaining()) {
        channel.write(zeros);
      }
    }
  }

  private static long checksum(ByteBuffer logits) {
    CRC32C checksum = new CRC32C();
    checksum.update(logits.duplicate());
    return checksum.getValue();
  }
}
