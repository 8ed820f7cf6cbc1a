package io.retort.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryPoolTest {
  private static final long MEBIBYTE = 1L << 20;

  /** Numbers its blocks, and holds no more than it has. */
  private static final class Blocks implements MemoryPool.Source<Integer> {
    private final Map<Integer, Long> held = new HashMap<>();
    private final long capacity;
    private int taken;

    Blocks(long capacity) {
      this.capacity = capacity;
    }

    long bytes() {
      return held.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public Integer take(long bytes) {
      if (bytes() + bytes > capacity) {
        return null;
      }
      held.put(taken, bytes);
      return taken++;
    }

    @Override
    public void giveBack(Integer block) {
      assertThat(held.remove(block)).as("block %d is held", block).isNotNull();
    }
  }

  private final Blocks blocks = new Blocks(256 * MEBIBYTE);
  private final MemoryPool<Integer> pool = new MemoryPool<>(blocks);

  @Test
  void allocate_small_sharesABlockAndIsAligned() {
    MemoryPool.Piece<Integer> a = pool.allocate(1);
    MemoryPool.Piece<Integer> b = pool.allocate(513);

    assertThat(a.block()).isEqualTo(b.block());
    assertThat(a.bytes()).isEqualTo(512);
    assertThat(b.offset()).isEqualTo(512);
    assertThat(b.bytes()).isEqualTo(1024);
    assertThat(blocks.bytes()).isEqualTo(MemoryPool.SHARED_BLOCK);
    assertThat(pool.usedBytes()).isEqualTo(1536);
  }

  @Test
  void allocate_large_hasABlockOfItsSize() {
    pool.allocate(33 * MEBIBYTE);

    assertThat(blocks.bytes()).isEqualTo(34 * MEBIBYTE);
  }

  @Test
  void allocate_severalGapsFit_takesTheSmallest() {
    MemoryPool.Piece<Integer> wide = pool.allocate(4096);
    pool.allocate(512);
    MemoryPool.Piece<Integer> narrow = pool.allocate(1024);
    pool.allocate(512);
    long place = narrow.offset();
    pool.release(wide);
    pool.release(narrow);

    assertThat(pool.allocate(1000).offset()).isEqualTo(place);
  }

  @Test
  void release_neighbours_joinAgain() {
    MemoryPool.Piece<Integer> a = pool.allocate(MEBIBYTE);
    MemoryPool.Piece<Integer> b = pool.allocate(MEBIBYTE);
    MemoryPool.Piece<Integer> c = pool.allocate(MEBIBYTE);
    pool.allocate(512);
    pool.release(a);
    pool.release(c);
    pool.release(b);

    assertThat(pool.allocate(3 * MEBIBYTE).offset()).isZero();
  }

  @Test
  void release_wholeBlocks_keepsNoMoreIdleThanItMay() {
    List<MemoryPool.Piece<Integer>> pieces = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      pieces.add(pool.allocate(32 * MEBIBYTE));
    }
    pieces.forEach(pool::release);

    assertThat(pool.usedBytes()).isZero();
    assertThat(blocks.bytes()).isEqualTo(MemoryPool.KEPT_IDLE);
  }

  @Test
  void allocate_sourceIsFull_givesIdleBlocksBackFirst() {
    pool.release(pool.allocate(60 * MEBIBYTE));
    pool.allocate(130 * MEBIBYTE);
    assertThat(blocks.bytes()).isEqualTo(190 * MEBIBYTE);

    assertThat(pool.allocate(100 * MEBIBYTE)).isNotNull();
    assertThat(blocks.bytes()).isEqualTo(230 * MEBIBYTE);
    assertThat(pool.allocate(64 * MEBIBYTE)).isNull();
    assertThat(pool.allocate(20 * MEBIBYTE)).isNotNull();
  }

  @Test
  void allocate_noRoomForASharedBlock_takesOneOfItsOwnSize() {
    pool.allocate(250 * MEBIBYTE);

    assertThat(pool.allocate(MEBIBYTE)).isNotNull();
    assertThat(blocks.bytes()).isEqualTo(252 * MEBIBYTE);
  }

  @Test
  void close_withPiecesInUse_givesTheirBlocksBackWhenTheyReturn() {
    MemoryPool.Piece<Integer> piece = pool.allocate(MEBIBYTE);
    pool.close();
    assertThat(blocks.bytes()).isPositive();
    pool.release(piece);

    assertThat(blocks.bytes()).isZero();
  }

  @Test
  void allocateAndRelease_atRandom_neverOverlaps() {
    Random random = new Random(5);
    List<MemoryPool.Piece<Integer>> pieces = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (pieces.isEmpty() || random.nextInt(100) < 55) {
        MemoryPool.Piece<Integer> piece = pool.allocate(1 + random.nextInt(3 << 20));
        if (piece != null) {
          pieces.add(piece);
        }
      } else {
        pool.release(pieces.remove(random.nextInt(pieces.size())));
      }
      if (i % 500 == 0) {
        requireApart(pieces);
      }
    }
    requireApart(pieces);
    assertThat(pool.blockBytes()).isEqualTo(blocks.bytes());
    pieces.forEach(pool::release);
    pool.close();
    assertThat(blocks.bytes()).isZero();
  }

  private void requireApart(List<MemoryPool.Piece<Integer>> pieces) {
    List<MemoryPool.Piece<Integer>> order = new ArrayList<>(pieces);
    order.sort(
        java.util.Comparator.<MemoryPool.Piece<Integer>>comparingInt(MemoryPool.Piece::block)
            .thenComparingLong(MemoryPool.Piece::offset));
    for (int i = 0; i < order.size(); i++) {
      MemoryPool.Piece<Integer> piece = order.get(i);
      assertThat(piece.offset() + piece.bytes())
          .isLessThanOrEqualTo(blocks.held.get(piece.block()));
      if (i > 0 && order.get(i - 1).block().equals(piece.block())) {
        assertThat(order.get(i - 1).offset() + order.get(i - 1).bytes())
            .isLessThanOrEqualTo(piece.offset());
      }
    }
    assertThat(pool.usedBytes())
        .isEqualTo(pieces.stream().mapToLong(MemoryPool.Piece::bytes).sum());
  }
}
