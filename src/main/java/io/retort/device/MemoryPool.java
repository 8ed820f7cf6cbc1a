package io.retort.device;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.TreeSet;

/**
 * Hands out pieces of large blocks. Asking a GPU's driver for memory takes a millisecond and waits
 * for what runs, so blocks are few: a request takes the smallest free piece that holds it, a piece
 * that comes back joins its free neighbours, and a block of which all came back is kept for later
 * as long as not too much lies idle. Knows sizes alone, nothing of devices. Safe for use by several
 * threads.
 *
 * @param <B> what a block is to the source
 */
final class MemoryPool<B> {
  /** Where blocks come from. */
  interface Source<B> {
    /** A block, or null where there is none of that size. */
    B take(long bytes);

    void giveBack(B block);
  }

  /** What {@code cudaMalloc} aligns to, at least. */
  static final long ALIGNMENT = 512;

  /** What requests share that are smaller than a quarter of it. */
  static final long SHARED_BLOCK = 32L << 20;

  /** Larger blocks are multiples of this, the driver's own page. */
  static final long PAGE = 2L << 20;

  /** Bytes that may lie in blocks of which nothing is in use. */
  static final long KEPT_IDLE = 64L << 20;

  /** A stretch of a block. */
  static final class Piece<B> {
    private final B block;
    private final long number;
    private long offset;
    private long bytes;
    private boolean free;
    private Piece<B> before;
    private Piece<B> after;

    private Piece(B block, long number, long offset, long bytes) {
      this.block = block;
      this.number = number;
      this.offset = offset;
      this.bytes = bytes;
    }

    B block() {
      return block;
    }

    long offset() {
      return offset;
    }

    long bytes() {
      return bytes;
    }

    private boolean isWholeBlock() {
      return before == null && after == null;
    }
  }

  private final Source<B> source;
  private final TreeSet<Piece<B>> free =
      new TreeSet<>(
          Comparator.<Piece<B>>comparingLong(piece -> piece.bytes)
              .thenComparingLong(piece -> piece.number)
              .thenComparingLong(piece -> piece.offset));
  private long blocks;
  private long usedBytes;
  private long blockBytes;
  private long idleBytes;
  private boolean closed;

  MemoryPool(Source<B> source) {
    this.source = source;
  }

  /** A piece of at least that many bytes; null where the source has no more. */
  synchronized Piece<B> allocate(long bytes) {
    long wanted = rounded(bytes, ALIGNMENT);
    Piece<B> found = smallestFree(wanted);
    if (found == null) {
      found = newBlock(wanted);
      if (found == null) {
        return null;
      }
    } else {
      take(found);
    }
    if (found.bytes > wanted) {
      split(found, wanted);
    }
    usedBytes += found.bytes;
    return found;
  }

  synchronized void release(Piece<B> piece) {
    usedBytes -= piece.bytes;
    Piece<B> whole = piece;
    if (whole.after != null && whole.after.free) {
      free.remove(whole.after);
      join(whole, whole.after);
    }
    if (whole.before != null && whole.before.free) {
      whole = whole.before;
      free.remove(whole);
      join(whole, whole.after);
    }
    whole.free = true;
    if (whole.isWholeBlock()) {
      if (closed || idleBytes + whole.bytes > KEPT_IDLE) {
        giveBack(whole);
        return;
      }
      idleBytes += whole.bytes;
    }
    free.add(whole);
  }

  /** Bytes in use. */
  synchronized long usedBytes() {
    return usedBytes;
  }

  /** Bytes of all blocks. */
  synchronized long blockBytes() {
    return blockBytes;
  }

  /** Gives back every block of which nothing is in use; the others follow when they are free. */
  synchronized void close() {
    closed = true;
    trim();
  }

  private Piece<B> smallestFree(long bytes) {
    return free.ceiling(new Piece<>(null, Long.MIN_VALUE, 0, bytes));
  }

  private Piece<B> newBlock(long wanted) {
    long page = rounded(wanted, PAGE);
    long size = wanted * 4 <= SHARED_BLOCK ? SHARED_BLOCK : page;
    B block = source.take(size);
    if (block == null) {
      trim();
      block = source.take(size);
    }
    if (block == null && size > page) {
      size = page;
      block = source.take(size);
    }
    if (block == null) {
      return null;
    }
    blockBytes += size;
    return new Piece<>(block, blocks++, 0, size);
  }

  private void take(Piece<B> piece) {
    free.remove(piece);
    piece.free = false;
    if (piece.isWholeBlock()) {
      idleBytes -= piece.bytes;
    }
  }

  private void split(Piece<B> piece, long bytes) {
    Piece<B> rest =
        new Piece<>(piece.block, piece.number, piece.offset + bytes, piece.bytes - bytes);
    rest.free = true;
    rest.before = piece;
    rest.after = piece.after;
    if (rest.after != null) {
      rest.after.before = rest;
    }
    piece.after = rest;
    piece.bytes = bytes;
    free.add(rest);
  }

  private static <B> void join(Piece<B> piece, Piece<B> next) {
    piece.bytes += next.bytes;
    piece.after = next.after;
    if (piece.after != null) {
      piece.after.before = piece;
    }
  }

  private void trim() {
    for (Piece<B> piece : new ArrayList<>(free)) {
      if (piece.isWholeBlock()) {
        take(piece);
        giveBack(piece);
      }
    }
  }

  private void giveBack(Piece<B> whole) {
    blockBytes -= whole.bytes;
    source.giveBack(whole.block);
  }

  private static long rounded(long bytes, long unit) {
    return (bytes + unit - 1) / unit * unit;
  }
}
