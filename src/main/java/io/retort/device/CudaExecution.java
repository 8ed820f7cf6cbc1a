package io.retort.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls on a GPU. The first run makes them one by one, which also loads the kernels; from the
 * second on they are one recording, launched whole.
 *
 * <p>With one slot the copies of inputs and outputs belong to the recording. With two, the inputs
 * of a run are copied by a stream of their own into memory of their own while the run before it
 * still computes; when that is done, a copy within the device, which costs next to nothing, puts
 * them where the calls read them. Events keep the order: computing waits for the copy to be there,
 * the copy after the next one waits until its place was read.
 */
final class CudaExecution implements Execution {
  private static final Logger LOG = LoggerFactory.getLogger(Device.class);

  /** Of one run: what Java writes and reads, and how far the run is. */
  private final class Slot {
    final CudaRuntime.HostBlock input;
    final CudaRuntime.HostBlock output;
    final CudaRuntime.Event done;
    Memory staged;
    Pointer stagedAddress;
    CudaRuntime.Event copied;
    CudaRuntime.Event taken;

    Slot(CudaRuntime runtime, boolean ahead) {
      input = runtime.allocateHost(Math.max(1, inputs.bytes()));
      output = runtime.allocateHost(Math.max(1, outputs.bytes()));
      done = runtime.event();
      if (ahead) {
        staged = device.allocate(Math.max(1, inputs.bytes()));
        stagedAddress = staged.at(0, inputs.bytes());
        copied = runtime.event();
        taken = runtime.event();
        beginAfterWhatIsUnderWay();
      }
    }

    /** The first copy waits for the other stream to have zeroed the place. */
    private void beginAfterWhatIsUnderWay() {
      device.lock();
      try {
        compute.record(taken);
      } finally {
        device.unlock();
      }
    }

    void close() {
      input.close();
      output.close();
      done.close();
      if (staged != null) {
        staged.close();
        copied.close();
        taken.close();
      }
    }
  }

  private final CudaDevice device;
  private final CudaDevice.Backend backend;
  private final CudaRuntime.Stream compute;
  private final CudaRuntime.Stream copies;
  private final Region inputs;
  private final Region outputs;
  private final Pointer inputAddress;
  private final Pointer outputAddress;
  private final Runnable calls;
  private final Runnable recorded;
  private final Slot[] slots;
  private CudaRuntime.Recording recording;
  private boolean refusedRecording;
  private long started;
  private long finished;
  private int outputSlot;
  private boolean closed;

  CudaExecution(
      CudaDevice device,
      Memory memory,
      Region inputs,
      Region outputs,
      Runnable calls,
      ExecutionSettings settings) {
    this.device = device;
    this.inputs = inputs;
    this.outputs = outputs;
    this.calls = calls;
    backend = device.backend(settings.precision());
    compute = device.compute();
    copies = device.copies();
    inputAddress = memory.at(inputs.offset(), inputs.bytes());
    outputAddress = memory.at(outputs.offset(), outputs.bytes());
    slots = new Slot[settings.ahead() ? 2 : 1];
    recorded = settings.ahead() ? calls : this::callsAndCopies;
    try {
      for (int i = 0; i < slots.length; i++) {
        slots[i] = new Slot(device.runtime(), settings.ahead());
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public int slots() {
    return slots.length;
  }

  @Override
  public int inputSlot() {
    return (int) (started % slots.length);
  }

  @Override
  public int outputSlot() {
    return outputSlot;
  }

  @Override
  public ByteBuffer input(int slot, long offset, int count) {
    return part(slots[slot].input, offset, count);
  }

  @Override
  public ByteBuffer output(int slot, long offset, int count) {
    return part(slots[slot].output, offset, count);
  }

  private static ByteBuffer part(CudaRuntime.HostBlock block, long offset, int count) {
    return block.bytes().slice(Math.toIntExact(offset), count).order(ByteOrder.nativeOrder());
  }

  @Override
  public void start() {
    if (started - finished == slots.length) {
      throw new IllegalStateException(
          "[execution] a run must be finished before another starts: " + slots.length + " run");
    }
    Slot slot = slots[inputSlot()];
    device.lock();
    try {
      if (slots.length == 1) {
        compute();
      } else {
        copyAhead(slot);
        compute();
        copy(slot.output.address(), outputAddress, outputs.bytes());
      }
      compute.record(slot.done);
    } catch (RuntimeException e) {
      throw device.judge(e);
    } finally {
      device.unlock();
    }
    started++;
    if (slots.length > 1) {
      slots[inputSlot()].copied.synchronize();
    }
  }

  private void copyAhead(Slot slot) {
    if (inputs.bytes() > 0) {
      copies.await(slot.taken);
      copies.copy(slot.stagedAddress, slot.input.address(), inputs.bytes());
      copies.record(slot.copied);
      compute.await(slot.copied);
      compute.copy(inputAddress, slot.stagedAddress, inputs.bytes());
      compute.record(slot.taken);
    }
  }

  private void callsAndCopies() {
    Slot slot = slots[0];
    copy(inputAddress, slot.input.address(), inputs.bytes());
    calls.run();
    copy(slot.output.address(), outputAddress, outputs.bytes());
  }

  private void copy(Pointer to, Pointer from, long bytes) {
    if (bytes > 0) {
      compute.copy(to, from, bytes);
    }
  }

  private void compute() {
    if (started > 0 && recording == null && !refusedRecording) {
      record();
    }
    if (recording == null) {
      compute.submit(recorded);
    } else {
      compute.launch(recording);
    }
  }

  private void record() {
    try {
      recording = compute.record(recorded);
    } catch (RuntimeException e) {
      if (device.judge(e) instanceof DeviceLostException lost) {
        throw lost;
      }
      if (!String.valueOf(e.getMessage()).startsWith("[cuda]")) {
        throw e;
      }
      refusedRecording = true;
      LOG.warn("device: calls are launched one by one: {}", e.getMessage());
    }
  }

  @Override
  public void finish() {
    if (started == finished) {
      throw new IllegalStateException("[execution] a run must be started to be finished: none is");
    }
    int slot = (int) (finished % slots.length);
    try {
      slots[slot].done.synchronize();
    } catch (RuntimeException e) {
      throw device.judge(e);
    }
    outputSlot = slot;
    finished++;
    device.throwFault(backend);
  }

  @Override
  public void runInstead(Runnable synchronizedCalls) {
    if (started != finished) {
      throw new IllegalStateException(
          "[execution] no run may be under way: " + (started - finished) + " is");
    }
    Slot slot = slots[inputSlot()];
    device.lock();
    try {
      copy(inputAddress, slot.input.address(), inputs.bytes());
      compute.submit(synchronizedCalls);
      copy(slot.output.address(), outputAddress, outputs.bytes());
      compute.synchronize();
    } catch (RuntimeException e) {
      throw device.judge(e);
    } finally {
      device.unlock();
    }
    outputSlot = inputSlot();
    device.throwFault(backend);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    waitForAll();
    if (recording != null) {
      recording.close();
    }
    for (Slot slot : slots) {
      if (slot != null) {
        slot.close();
      }
    }
  }

  /** Of a device that was lost nothing runs any more. */
  private void waitForAll() {
    try {
      for (; finished < started; finished++) {
        slots[(int) (finished % slots.length)].done.synchronize();
      }
    } catch (RuntimeException lost) {
      finished = started;
    }
  }
}
