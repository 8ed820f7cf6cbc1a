package io.retort.device;

import java.nio.ByteBuffer;

/**
 * A list of kernel calls made ready to run over and over, and the memory through which Java feeds
 * it and reads from it. There is one place for inputs and outputs, a slot, for each run that may be
 * under way: one, or two where runs go ahead. Allocates nothing once it is made. For one thread at
 * a time.
 */
public interface Execution extends AutoCloseable {
  int slots();

  /** The slot that the next run reads its inputs from. */
  int inputSlot();

  /** The slot that the run finished last wrote its outputs to. */
  int outputSlot();

  /**
   * Bytes of the inputs in native order, {@code offset} counted from the inputs' first byte; not to
   * be used after {@link #close()}.
   */
  ByteBuffer input(int slot, long offset, int count);

  /** Bytes of the outputs, as {@link #input}. */
  ByteBuffer output(int slot, long offset, int count);

  /**
   * Starts a run on the inputs as they stand in the input slot; the CPU runs it whole.
   *
   * @throws IllegalStateException if as many runs as there are slots are not finished
   * @throws DeviceLostException if the device no longer answers
   */
  void start();

  /**
   * Waits for the oldest run that was started; its outputs stand in the output slot until a run
   * that is started later is given that slot.
   *
   * @throws RuntimeException with the kernel's sentence if it must refuse a value
   * @throws DeviceLostException if the device no longer answers
   */
  void finish();

  /**
   * Runs other calls in place of those it was made for, at once and one by one: to time them.
   *
   * @param synchronizedCalls makes the calls, and waits by {@link Kernels#synchronize()} as it
   *     likes
   */
  void runInstead(Runnable synchronizedCalls);

  /** Waits for what runs and frees the slots; the calls' memory is the caller's. */
  @Override
  void close();
}
