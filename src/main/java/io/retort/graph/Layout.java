package io.retort.graph;

import io.retort.device.Region;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each value lies in a plan's one block of memory. Inputs, outputs and constants have places
 * of their own for the whole run, in that order; everything else shares an arena by liveness, a
 * value's place being free after its last reader. Variables lie elsewhere. An output takes over a
 * dying input's place where {@link Op#inPlace} allows.
 */
final class Layout {
  /** A cache line, and a whole vector. */
  private static final long ALIGNMENT = 64;

  private static final int ALWAYS = Integer.MAX_VALUE;

  private static final class Block {
    private final long bytes;
    private final int first;
    private int last;
    private long offset;
    private boolean placed;

    Block(long bytes, int first, int last) {
      this.bytes = bytes;
      this.first = first;
      this.last = last;
    }

    long end() {
      return offset + bytes;
    }

    boolean lives(Block other) {
      return first <= other.last && other.first <= last;
    }
  }

  private final boolean share;
  private final boolean inPlace;
  private final Program program;
  private final Map<Value, Integer> lastUse = new HashMap<>();
  private final Map<Value, Block> places = new HashMap<>();
  private final List<Block> blocks = new ArrayList<>();
  private Region inputs;
  private Region outputs;
  private long pinnedBytes;
  private long bytes;

  /** {@code inputs} are those of the graph: they have a place even where nothing reads them. */
  Layout(Program program, Collection<Value> inputs, boolean share, boolean inPlace) {
    this.program = program;
    this.share = share;
    this.inPlace = inPlace;
    findLastUses();
    inputs.forEach(value -> place(value, -1));
    List<Block> fed = List.copyOf(blocks);
    for (int i = 0; i < program.nodes().size(); i++) {
      Node node = program.nodes().get(i);
      for (Value value : node.outputs()) {
        if (!node.op().isView() && !node.op().isVariable() && !places.containsKey(value)) {
          place(value, i);
        }
      }
    }
    this.inputs = region(fed);
    outputs =
        region(
            program.outputs().values().stream()
                .map(value -> places.get(Program.root(value)))
                .distinct()
                .toList());
    assignOffsets();
  }

  /** The offset in bytes of a value that is not a variable's. */
  long offset(Value value) {
    return places.get(Program.root(value)).offset;
  }

  long bytes() {
    return bytes;
  }

  /** Where the inputs stand, one after the other. */
  Region inputs() {
    return inputs;
  }

  /** Where the outputs stand, one after the other. */
  Region outputs() {
    return outputs;
  }

  /** The part of the memory that values share over time. */
  long arenaBytes() {
    return bytes - pinnedBytes;
  }

  private void findLastUses() {
    for (int i = 0; i < program.nodes().size(); i++) {
      for (Value value : program.nodes().get(i).inputs()) {
        lastUse.put(Program.root(value), i);
      }
    }
    program.outputs().values().forEach(value -> lastUse.put(Program.root(value), ALWAYS));
  }

  private void place(Value value, int position) {
    Node node = value.node();
    int last = node.op().isSource() ? ALWAYS : lastUse.getOrDefault(value, position);
    Block block = value.output() == 0 && inPlace ? dyingInput(node, position) : null;
    if (block == null) {
      long size = value.shape().size() * value.dtype().bytes();
      block = new Block((size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, position, last);
      blocks.add(block);
    }
    block.last = Math.max(block.last, last);
    places.put(value, block);
  }

  /**
   * The block of an input that the node may overwrite: nothing reads it later, no other input lies
   * in it.
   */
  private Block dyingInput(Node node, int position) {
    for (int candidate : node.op().inPlace()) {
      Value input = node.input(candidate);
      Block block = places.get(Program.root(input));
      boolean dies =
          block != null && block.last == position && input.shape().equals(node.output(0).shape());
      for (int i = 0; dies && i < node.inputs().size(); i++) {
        dies = i == candidate || places.get(Program.root(node.input(i))) != block;
      }
      if (dies) {
        return block;
      }
    }
    return null;
  }

  /** Places the blocks next in the pinned part: what a device copies, it copies at one go. */
  private Region region(List<Block> together) {
    long begin = pinnedBytes;
    for (Block block : together) {
      block.offset = pinnedBytes;
      block.placed = true;
      pinnedBytes += block.bytes;
    }
    return new Region(begin, pinnedBytes - begin);
  }

  private void assignOffsets() {
    List<Block> order = new ArrayList<>(blocks);
    order.sort(
        Comparator.<Block>comparingInt(block -> block.first).thenComparing(block -> -block.bytes));
    List<Block> arena = new ArrayList<>();
    for (Block block : order) {
      if (block.placed) {
        continue;
      }
      if (!share || block.last == ALWAYS) {
        block.offset = pinnedBytes;
        pinnedBytes += block.bytes;
      } else {
        arena.add(block);
      }
    }
    bytes = pinnedBytes;
    arena.sort(Comparator.comparingLong(block -> -block.bytes));
    List<Block> placed = new ArrayList<>();
    for (Block block : arena) {
      block.offset = firstGap(block, placed);
      placed.add(block);
      bytes = Math.max(bytes, block.end());
    }
    bytes = Math.max(bytes, ALIGNMENT);
  }

  /** The lowest offset at which the block meets none that lives at its time. */
  private long firstGap(Block block, List<Block> placed) {
    List<Block> neighbours = new ArrayList<>(placed);
    neighbours.removeIf(other -> !other.lives(block));
    neighbours.sort(Comparator.comparingLong(other -> other.offset));
    long offset = pinnedBytes;
    for (Block other : neighbours) {
      if (offset + block.bytes <= other.offset) {
        break;
      }
      offset = Math.max(offset, other.end());
    }
    return offset;
  }
}
