package io.retort.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A CUDA runtime without a GPU, as unkind as the real one may be: nothing that a stream is given is
 * done before somebody waits for it, and then the streams take turns as a seed has it, held
 * together by their events alone. So a wait that is missing shows as a wrong number. A recording is
 * a list of calls that is made again at each launch.
 */
final class SimtRuntime implements CudaRuntime {
  private final Random random;
  private final long capacity;
  private final List<SimtStream> streams = new ArrayList<>();
  private final Map<Long, Long> blocks = new HashMap<>();
  private long allocated;
  private boolean lost;
  private int launches;
  private RuntimeException failure;

  SimtRuntime(long seed, long capacity) {
    random = new Random(seed);
    this.capacity = capacity;
  }

  /** Every call fails from now on. */
  synchronized void lose() {
    lost = true;
  }

  /** Bytes of the device's memory that are not given back. */
  synchronized long allocated() {
    return allocated;
  }

  /** How many recordings were launched. */
  synchronized int launches() {
    return launches;
  }

  private void requireAlive() {
    if (lost) {
      throw CudaErrors.of(700, "cudaErrorIllegalAddress, a test", "a call");
    }
  }

  @Override
  public String name() {
    return "simt";
  }

  @Override
  public synchronized long[] freeAndTotal() {
    requireAlive();
    return new long[] {capacity - allocated, capacity};
  }

  @Override
  public synchronized Pointer allocate(long bytes) {
    requireAlive();
    if (allocated + bytes > capacity) {
      return null;
    }
    allocated += bytes;
    Pointer block = Native.allocate_memory(bytes);
    Pointer.memset(block, 0x5a, bytes);
    blocks.put(block.address(), bytes);
    return block;
  }

  @Override
  public synchronized void release(Pointer memory) {
    allocated -= blocks.remove(memory.address());
    Native.release_memory(memory);
  }

  @Override
  public HostBlock allocateHost(long bytes) {
    requireAlive();
    Pointer address = Native.allocate_memory(bytes);
    ByteBuffer seen =
        new BytePointer(address).capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    return new HostBlock() {
      @Override
      public Pointer address() {
        return address;
      }

      @Override
      public ByteBuffer bytes() {
        return seen;
      }

      @Override
      public void close() {
        Native.release_memory(address);
      }
    };
  }

  @Override
  public synchronized Stream stream() {
    requireAlive();
    SimtStream stream = new SimtStream();
    streams.add(stream);
    return stream;
  }

  @Override
  public Event event() {
    requireAlive();
    return new SimtEvent();
  }

  @Override
  public RuntimeException judge(RuntimeException thrown) {
    return thrown;
  }

  @Override
  public synchronized void close() {
    streams.clear();
  }

  /** What a kernel threw meanwhile; the work behind it was done all the same, as a GPU's is. */
  private void throwFailure() {
    if (failure != null) {
      RuntimeException thrown = failure;
      failure = null;
      throw thrown;
    }
  }

  /** One task of one stream that may go on; false where none may. */
  private boolean doSomething() {
    List<SimtStream> ready = streams.stream().filter(SimtStream::isReady).toList();
    if (ready.isEmpty()) {
      return false;
    }
    ready.get(random.nextInt(ready.size())).doNext();
    return true;
  }

  private final class SimtEvent implements Event {
    private long recorded;
    private long done;

    @Override
    public void synchronize() {
      synchronized (SimtRuntime.this) {
        requireAlive();
        while (done < recorded && doSomething()) {
          requireAlive();
        }
        if (done < recorded) {
          throw new IllegalStateException("the streams wait for one another");
        }
        throwFailure();
      }
    }

    @Override
    public void close() {}
  }

  private record Calls(Runnable calls) implements Recording {
    @Override
    public void close() {}
  }

  /** What a stream is to do, after another stream's event where there is one. */
  private record Task(SimtEvent after, long count, Runnable work) {}

  private final class SimtStream implements Stream {
    private final ArrayDeque<Task> tasks = new ArrayDeque<>();
    private boolean working;

    private boolean isReady() {
      return !tasks.isEmpty()
          && (tasks.peek().after() == null || tasks.peek().after().done >= tasks.peek().count());
    }

    private void doNext() {
      working = true;
      try {
        tasks.poll().work().run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      } finally {
        working = false;
      }
    }

    private void put(Runnable work) {
      synchronized (SimtRuntime.this) {
        requireAlive();
        if (working) {
          work.run();
        } else {
          tasks.add(new Task(null, 0, work));
        }
      }
    }

    @Override
    public Pointer handle() {
      return null;
    }

    @Override
    public void copy(Pointer to, Pointer from, long bytes) {
      put(() -> Pointer.memcpy(to, from, bytes));
    }

    @Override
    public void zero(Pointer memory, long bytes) {
      put(() -> Pointer.memset(memory, 0, bytes));
    }

    @Override
    public void record(Event event) {
      SimtEvent its = (SimtEvent) event;
      long count = ++its.recorded;
      put(() -> its.done = Math.max(its.done, count));
    }

    @Override
    public void await(Event event) {
      SimtEvent its = (SimtEvent) event;
      synchronized (SimtRuntime.this) {
        requireAlive();
        tasks.add(new Task(its, its.recorded, () -> {}));
      }
    }

    @Override
    public void submit(Runnable calls) {
      put(calls);
    }

    @Override
    public Recording record(Runnable calls) {
      requireAlive();
      return new Calls(calls);
    }

    @Override
    public void launch(Recording recording) {
      launches++;
      put(((Calls) recording).calls());
    }

    @Override
    public void synchronize() {
      synchronized (SimtRuntime.this) {
        requireAlive();
        while (!tasks.isEmpty() && doSomething()) {
          requireAlive();
        }
        throwFailure();
      }
    }

    @Override
    public void close() {
      tasks.clear();
    }
  }
}
