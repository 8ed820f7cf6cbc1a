package io.retort.graph;

import io.retort.device.Device;
import io.retort.device.Memory;
import io.retort.device.TensorView;
import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Parameters and state on one device, by path. Plans that are compiled with the same variables read
 * and train the same memory. Reading and writing while a plan runs is the caller's to order.
 */
public final class Variables implements AutoCloseable {
  /** A cache line, and a whole vector. */
  private static final long ALIGNMENT = 64;

  private record Slot(Memory memory, long offset, Shape shape, Map<Shape, TensorView> views) {
    int bytes() {
      return Math.toIntExact(shape.size() * Float.BYTES);
    }
  }

  private final Device device;
  private final Map<String, Slot> slots = new TreeMap<>();
  private final List<Memory> memories = new ArrayList<>();
  private volatile boolean closed;

  public Variables(Device device) {
    this.device = device;
  }

  /**
   * Allocates the graph's variables that are missing and gives them their first values, which
   * depend on the seed and the path alone. Those that are there keep their values.
   *
   * @throws IllegalArgumentException if one is there with another shape; nothing is allocated then
   */
  public synchronized void declare(Graph graph, long seed) {
    requireOpen();
    Map<String, Value> missing = new TreeMap<>();
    long bytes = 0;
    for (Map.Entry<String, Value> entry : graph.variables().entrySet()) {
      Shape shape = entry.getValue().shape();
      Slot old = slots.get(entry.getKey());
      if (old == null) {
        missing.put(entry.getKey(), entry.getValue());
        bytes += aligned(shape);
      } else {
        require(entry.getKey(), old, shape, DType.FLOAT32);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    Memory memory = device.allocate(bytes);
    memories.add(memory);
    long offset = 0;
    for (Map.Entry<String, Value> entry : missing.entrySet()) {
      Shape shape = entry.getValue().shape();
      float[] values = new float[Math.toIntExact(shape.size())];
      Attributes.Variable variable = entry.getValue().node().attributes(Attributes.Variable.class);
      variable.initializer().fill(values, shape, new SplittableRandom(mix(seed, entry.getKey())));
      memory.write(offset, values, 0, values.length);
      slots.put(entry.getKey(), new Slot(memory, offset, shape, new HashMap<>()));
      offset += aligned(shape);
    }
  }

  private static long aligned(Shape shape) {
    return (shape.size() * Float.BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** FNV-1a of the path, started from the seed. */
  private static long mix(long seed, String path) {
    long hash = 0xcbf29ce484222325L ^ (seed * 0x9e3779b97f4a7c15L);
    for (int i = 0; i < path.length(); i++) {
      hash = (hash ^ path.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  public synchronized Set<String> paths() {
    return new TreeSet<>(slots.keySet());
  }

  public Shape shape(String path) {
    return slot(path).shape();
  }

  public DType dtype(String path) {
    slot(path);
    return DType.FLOAT32;
  }

  /** A copy of the variable's values. */
  public HostTensor get(String path) {
    Slot slot = slot(path);
    ByteBuffer data = ByteBuffer.allocate(slot.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    slot.memory().read(slot.offset(), data);
    return new HostTensor(slot.shape(), DType.FLOAT32, data);
  }

  /**
   * Replaces the variable's values.
   *
   * @throws IllegalArgumentException if shape or element type differ
   */
  public void set(String path, HostTensor value) {
    Slot slot = slot(path);
    require(path, slot, value.shape(), value.dtype());
    slot.memory().write(slot.offset(), value.data());
  }

  /** The bytes of all variables. */
  public synchronized long bytes() {
    return slots.values().stream().mapToLong(Slot::bytes).sum();
  }

  /**
   * Copies every variable of {@code other} whose path begins with {@code fromPrefix} to the
   * variable here whose path begins with {@code toPrefix} instead.
   *
   * @throws IllegalArgumentException if there is none to copy, or one is missing here or has
   *     another shape
   */
  public void copyFrom(Variables other, String fromPrefix, String toPrefix) {
    List<String> paths =
        other.paths().stream().filter(path -> path.startsWith(fromPrefix)).toList();
    if (paths.isEmpty()) {
      throw new IllegalArgumentException(
          "[variables] there must be variables to copy: none begins with " + fromPrefix);
    }
    for (String path : paths) {
      String here = toPrefix + path.substring(fromPrefix.length());
      require(here, slot(here), other.shape(path), DType.FLOAT32);
    }
    for (String path : paths) {
      set(toPrefix + path.substring(fromPrefix.length()), other.get(path));
    }
  }

  private static void require(String path, Slot slot, Shape shape, DType dtype) {
    if (!slot.shape().equals(shape) || dtype != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "[variables] %s must be %s %s: %s %s"
              .formatted(path, slot.shape(), DType.FLOAT32, shape, dtype));
    }
  }

  private synchronized Slot slot(String path) {
    requireOpen();
    return Paths.find("variable", slots, path);
  }

  /** The variable, seen under a shape of its size; made once and kept until {@link #close()}. */
  synchronized TensorView view(String path, Shape shape) {
    Slot slot = slot(path);
    return slot.views()
        .computeIfAbsent(
            shape, key -> device.view(slot.memory(), slot.offset(), shape, DType.FLOAT32));
  }

  boolean isOpen() {
    return !closed;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("[variables] the variables must be open: they were closed");
    }
  }

  /** Frees the memory. Plans that were compiled with these variables refuse to run from then on. */
  @Override
  public synchronized void close() {
    closed = true;
    memories.forEach(Memory::close);
    memories.clear();
    slots.clear();
  }
}
