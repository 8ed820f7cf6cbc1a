package io.retort.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * One IDX file of unsigned bytes, plain or gzipped (LeCun, Cortes, Burges: the MNIST database):
 * big-endian magic {@code 00 00 08 rank}, one 32-bit size per dimension, then the values.
 *
 * @param source the file's name, for messages
 * @param dims the size of every dimension, the samples first
 * @param values the product of dims bytes, dense
 */
record Idx(String source, int[] dims, byte[] values) {
  private static final int UNSIGNED_BYTE = 0x08;

  /**
   * DEFLATE makes at most 1032 bytes of one: a longer claim is a lie, refused before memory is
   * taken for it.
   */
  private static final long DEFLATE_LIMIT = 1032;

  /** The JVM's longest array. */
  private static final long ARRAY_LIMIT = Integer.MAX_VALUE - 8;

  /**
   * Reads a whole file.
   *
   * @param stored the file's size in bytes, or Long.MAX_VALUE where it is not known
   * @throws DatasetException naming the source, what was expected and what came
   */
  static Idx read(String source, InputStream in, int rank, long stored) {
    try {
      PushbackInputStream raw = new PushbackInputStream(in, 2);
      boolean gzipped = isGzip(raw);
      long available =
          gzipped && stored < Long.MAX_VALUE / DEFLATE_LIMIT ? stored * DEFLATE_LIMIT : stored;
      InputStream bytes = gzipped ? new GZIPInputStream(raw, 1 << 16) : raw;
      int[] dims = header(source, bytes, rank);
      return new Idx(source, dims, body(source, bytes, dims, available));
    } catch (EOFException e) {
      throw new DatasetException(
          "[idx] " + source + " must be a whole gzip file: it ends too early", e);
    } catch (IOException e) {
      throw new DatasetException("[idx] " + source + " must be readable: " + e.getMessage(), e);
    }
  }

  private static boolean isGzip(PushbackInputStream raw) throws IOException {
    byte[] start = raw.readNBytes(2);
    raw.unread(start);
    return start.length == 2 && (start[0] & 0xff) == 0x1f && (start[1] & 0xff) == 0x8b;
  }

  private static int[] header(String source, InputStream bytes, int rank) throws IOException {
    int length = 4 + 4 * rank;
    byte[] header = bytes.readNBytes(length);
    if (header.length >= 4) {
      int magic = ByteBuffer.wrap(header).getInt();
      int expected = UNSIGNED_BYTE << 8 | rank;
      if (magic != expected) {
        throw new DatasetException(
            String.format(
                "[idx] %s must begin with %08x (unsigned bytes, %d dimensions): %08x",
                source, expected, rank, magic));
      }
    }
    if (header.length < length) {
      throw new DatasetException(
          "[idx] "
              + source
              + " must begin with a header of "
              + length
              + " bytes: it has "
              + header.length);
    }
    int[] dims = new int[rank];
    ByteBuffer.wrap(header, 4, 4 * rank).asIntBuffer().get(dims);
    for (int dim : dims) {
      if (dim < 1) {
        throw new DatasetException(
            "[idx] "
                + source
                + " must have dimensions of 1 and more: "
                + Arrays.toString(unsigned(dims)));
      }
    }
    return dims;
  }

  private static long[] unsigned(int[] dims) {
    return Arrays.stream(dims).mapToLong(Integer::toUnsignedLong).toArray();
  }

  private static byte[] body(String source, InputStream bytes, int[] dims, long available)
      throws IOException {
    long expected = 1;
    for (int dim : dims) {
      expected = expected > ARRAY_LIMIT ? expected : expected * dim;
    }
    String promise =
        "[idx] " + source + " must hold the values of its dimensions " + Arrays.toString(dims);
    if (expected > ARRAY_LIMIT) {
      throw new DatasetException(
          promise + ", at most " + ARRAY_LIMIT + " bytes: " + expected + " or more");
    }
    if (expected > available) {
      throw new DatasetException(
          promise + ", " + expected + " bytes: a file of its size holds " + available + " at most");
    }
    byte[] values = new byte[(int) expected];
    int read = bytes.readNBytes(values, 0, values.length);
    if (read < values.length) {
      throw new DatasetException(promise + ", " + expected + " bytes: it has " + read);
    }
    if (bytes.read() >= 0) {
      throw new DatasetException(promise + ", " + expected + " bytes: it has more");
    }
    return values;
  }
}
