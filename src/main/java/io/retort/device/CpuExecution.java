package io.retort.device;

import java.nio.ByteBuffer;

/** The CPU sees all memory and runs at once: the slot is the memory itself. */
final class CpuExecution implements Execution {
  private final Memory memory;
  private final Region inputs;
  private final Region outputs;
  private final Runnable calls;

  CpuExecution(Memory memory, Region inputs, Region outputs, Runnable calls) {
    this.memory = memory;
    this.inputs = inputs;
    this.outputs = outputs;
    this.calls = calls;
  }

  @Override
  public int slots() {
    return 1;
  }

  @Override
  public int inputSlot() {
    return 0;
  }

  @Override
  public int outputSlot() {
    return 0;
  }

  @Override
  public ByteBuffer input(int slot, long offset, int count) {
    return memory.host(inputs.offset() + offset, count);
  }

  @Override
  public ByteBuffer output(int slot, long offset, int count) {
    return memory.host(outputs.offset() + offset, count);
  }

  @Override
  public void start() {
    calls.run();
  }

  @Override
  public void finish() {}

  @Override
  public void runInstead(Runnable synchronizedCalls) {
    synchronizedCalls.run();
  }

  @Override
  public void close() {}
}
