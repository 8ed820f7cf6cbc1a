package io.retort.data;

import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.Hashing;
import io.retort.tensor.Shape;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Labelled samples of 8-bit pixels, in memory, unchanging and safe to share between threads. A
 * pixel is kept as its byte and becomes byte/255, in [0, 1], where a batch is gathered: the one
 * place that scales.
 */
public final class Dataset {
  /** The two halves of a data set. */
  public enum Split {
    TRAIN,
    TEST
  }

  private static final float[] SCALED = scaled();

  private final Shape sample;
  private final byte[] pixels;
  private final int[] labels;
  private final int classes;
  private final int first;
  private final int size;
  private final int plane;
  private volatile String hash;

  private Dataset(Shape sample, byte[] pixels, int[] labels, int classes, int first, int size) {
    this.sample = sample;
    this.pixels = pixels;
    this.labels = labels;
    this.classes = classes;
    this.first = first;
    this.size = size;
    this.plane = Math.toIntExact(sample.size());
  }

  private static float[] scaled() {
    float[] table = new float[256];
    for (int i = 0; i < table.length; i++) {
      table[i] = i / 255f;
    }
    return table;
  }

  /** MNIST out of the jar: 60,000 training or 10,000 test samples of [1, 28, 28] in 10 classes. */
  public static Dataset mnist(Split split) {
    return IdxFiles.bundled("mnist", split, 10);
  }

  /** {@link #idx(Path, Split, int)} with 10 classes, as MNIST and its relatives have. */
  public static Dataset idx(Path directory, Split split) {
    return idx(directory, split, 10);
  }

  /**
   * Reads {@code train-images-idx3-ubyte} and {@code train-labels-idx1-ubyte}, or {@code t10k-…},
   * each plain or gzipped.
   *
   * @param classes labels must be in [0, classes)
   * @throws DatasetException if a file is missing, truncated or foreign, or the two do not belong
   *     together
   */
  public static Dataset idx(Path directory, Split split, int classes) {
    return IdxFiles.in(directory, split, classes);
  }

  /** The directory's IDX files, or MNIST out of the jar where directory is null. */
  public static Dataset open(Path directory, Split split) {
    return directory == null ? mnist(split) : idx(directory, split);
  }

  /**
   * Samples given as they are; the arrays are kept, not copied.
   *
   * @param sample the shape of one sample, as [C, H, W]
   * @param pixels sample.size() bytes for each label, unsigned
   * @throws IllegalArgumentException if the sizes do not fit or a label is not in [0, classes)
   */
  public static Dataset of(Shape sample, byte[] pixels, int[] labels, int classes) {
    if (labels.length == 0 || sample.size() * labels.length != pixels.length) {
      throw new IllegalArgumentException(
          "[dataset] there must be "
              + sample.size()
              + " pixels for each label: "
              + pixels.length
              + " pixels, "
              + labels.length
              + " labels");
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            "[dataset] labels must be in 0 … " + (classes - 1) + ": " + labels[i] + " at " + i);
      }
    }
    return new Dataset(sample, pixels, labels, classes, 0, labels.length);
  }

  /** Samples from … from + count − 1 of this one, sharing its memory. */
  public Dataset subset(int from, int count) {
    if (from < 0 || count < 1 || from > size - count) {
      throw new IllegalArgumentException(
          "[subset] samples must be within 0 … " + (size - 1) + ": " + count + " from " + from);
    }
    return new Dataset(sample, pixels, labels, classes, first + from, count);
  }

  public int size() {
    return size;
  }

  /** The shape of one sample, without the batch: [C, H, W]. */
  public Shape sample() {
    return sample;
  }

  public int classes() {
    return classes;
  }

  public int label(int row) {
    return labels[first + Objects.checkIndex(row, size)];
  }

  /**
   * Gathers pixels/255 of the samples rows[from] … rows[from + count − 1], each [C, H, W], one
   * after the other, from the buffer's position on, which stays where it is.
   */
  public void images(int[] rows, int from, int count, FloatBuffer into) {
    images(rows, from, count, into, null);
  }

  /**
   * As {@link #images(int[], int, int, FloatBuffer)}, each image moved by the jitter, or not where
   * that is null.
   */
  public void images(int[] rows, int from, int count, FloatBuffer into, Jitter jitter) {
    Objects.checkFromIndexSize(from, count, rows.length);
    if (into.remaining() < (long) count * plane) {
      throw new IllegalArgumentException(
          "[images] the buffer must have room for "
              + count
              + " × "
              + sample
              + " floats: "
              + into.remaining());
    }
    float[] image = new float[plane];
    for (int i = 0; i < count; i++) {
      int row = rows[from + i];
      int at = (first + Objects.checkIndex(row, size)) * plane;
      if (jitter == null) {
        scale(pixels, at, image);
      } else {
        jitter.apply(row, pixels, at, sample, SCALED, image);
      }
      into.put(into.position() + i * plane, image, 0, plane);
    }
  }

  private static void scale(byte[] pixels, int at, float[] image) {
    for (int i = 0; i < image.length; i++) {
      image[i] = SCALED[pixels[at + i] & 0xff];
    }
  }

  /**
   * Gathers the labels of the samples rows[from] … rows[from + count − 1], from the buffer's
   * position on.
   */
  public void labels(int[] rows, int from, int count, IntBuffer into) {
    Objects.checkFromIndexSize(from, count, rows.length);
    if (into.remaining() < count) {
      throw new IllegalArgumentException(
          "[labels] the buffer must have room for " + count + " integers: " + into.remaining());
    }
    for (int i = 0; i < count; i++) {
      into.put(into.position() + i, label(rows[from + i]));
    }
  }

  /**
   * 32 hexadecimal digits that tell this content from any other: shape, classes, labels and pixels,
   * wherever they came from. XXH3-128 and not SHA-256: the hash names files that belong together
   * and guards against a mix-up, not against an attacker, and it reads MNIST in milliseconds.
   * Worked out once.
   */
  public String hash() {
    String known = hash;
    if (known == null) {
      HashStream128 stream = Hashing.xxh3_128().hashStream();
      stream.putIntArray(sample.dims()).putInt(classes).putInt(size).putInts(labels, first, size);
      known =
          stream.putBytes(pixels, first * plane, size * plane).get().toString().replace("0x", "");
      hash = known;
    }
    return known;
  }
}
