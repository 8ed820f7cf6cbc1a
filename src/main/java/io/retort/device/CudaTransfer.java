package io.retort.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Copies between Java and a GPU's memory, a part at a time through pinned memory: for weights and
 * checkpoints. What runs over and over has slots of its own ({@link CudaExecution}).
 */
final class CudaTransfer implements AutoCloseable {
  /** Large enough that a copy's start costs little beside it; a multiple of every element. */
  private static final int PART_BYTES = 4 << 20;

  /** Fills or empties the part that begins {@code done} bytes after the first. */
  interface Part {
    void of(ByteBuffer part, int done);
  }

  private final CudaDevice device;
  private final CudaRuntime.Stream stream;
  private final CudaRuntime.HostBlock pinned;
  private final CudaRuntime.Event copied;

  CudaTransfer(CudaDevice device, CudaRuntime runtime, CudaRuntime.Stream stream) {
    this.device = device;
    this.stream = stream;
    pinned = runtime.allocateHost(PART_BYTES);
    copied = runtime.event();
  }

  synchronized void write(Memory memory, long offset, long bytes, Part source) {
    memory.at(offset, bytes);
    for (long done = 0; done < bytes; done += PART_BYTES) {
      int count = (int) Math.min(PART_BYTES, bytes - done);
      source.of(part(count), Math.toIntExact(done));
      copy(memory, offset + done, count, true);
    }
  }

  synchronized void read(Memory memory, long offset, long bytes, Part destination) {
    memory.at(offset, bytes);
    for (long done = 0; done < bytes; done += PART_BYTES) {
      int count = (int) Math.min(PART_BYTES, bytes - done);
      copy(memory, offset + done, count, false);
      destination.of(part(count), Math.toIntExact(done));
    }
  }

  private ByteBuffer part(int count) {
    return pinned.bytes().slice(0, count).order(ByteOrder.nativeOrder());
  }

  private void copy(Memory memory, long offset, int count, boolean toDevice) {
    device.lock();
    try {
      if (toDevice) {
        stream.copy(memory.at(offset, count), pinned.address(), count);
      } else {
        stream.copy(pinned.address(), memory.at(offset, count), count);
      }
      stream.record(copied);
    } finally {
      device.unlock();
    }
    copied.synchronize();
  }

  @Override
  public void close() {
    copied.close();
    pinned.close();
  }
}
