package io.retort.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link CudaDevice} does, on a runtime that is unkind and needs no GPU. */
class CudaDeviceTest {
  private static final Shape FOUR = Shape.of(4);
  private static final int BYTES = 4 * Float.BYTES;
  private final SimtRuntime runtime = new SimtRuntime(1, SimtDevice.CAPACITY);
  private final CudaDevice device = SimtDevice.open(runtime);

  @AfterEach
  void close() {
    device.close();
    assertThat(runtime.allocated()).as("bytes kept").isZero();
  }

  @Test
  void describe_namesGpuAndMemory() {
    assertThat(device.describe()).isEqualTo("cuda (simt, 1 GiB)");
  }

  @Test
  void memory_writtenInParts_readsTheSame() {
    byte[] bytes = new byte[(9 << 20) + 3];
    new Random(3).nextBytes(bytes);
    try (Memory memory = device.allocate(bytes.length + 8)) {
      memory.write(5, ByteBuffer.wrap(bytes));
      byte[] back = new byte[bytes.length];
      memory.read(5, ByteBuffer.wrap(back));
      assertThat(back).isEqualTo(bytes);
      byte[] around = new byte[8];
      memory.read(0, ByteBuffer.wrap(around, 0, 5));
      memory.read(bytes.length + 5L, ByteBuffer.wrap(around, 5, 3));
      assertThat(around).containsOnly(0);
    }
  }

  @Test
  void memory_numbers_goThereAndBack() {
    try (Memory memory = device.allocate(64)) {
      memory.write(4, new float[] {9, 1, 2}, 1, 2);
      memory.write(16, new int[] {7, 8}, 0, 2);
      float[] floats = new float[3];
      memory.read(4, floats, 1, 2);
      int[] ints = new int[2];
      memory.read(16, ints, 0, 2);

      assertThat(floats).containsExactly(0, 1, 2);
      assertThat(ints).containsExactly(7, 8);
      assertThatThrownBy(() -> memory.write(60, floats, 0, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> memory.host(0, 4)).hasMessageContaining("the GPU's");
    }
  }

  @Test
  void allocate_memoryThatWasUsed_isZeroedAgain() {
    try (Memory memory = device.allocate(1024)) {
      memory.write(0, new float[] {1, 2, 3}, 0, 3);
    }
    try (Memory memory = device.allocate(1024)) {
      float[] values = new float[256];
      memory.read(0, values, 0, 256);
      assertThat(values).containsOnly(0);
    }
  }

  @Test
  void allocate_moreThanThereIs_saysTheSizesAndTheRestGoesOn() {
    try (Memory memory = device.allocate(1 << 20)) {
      assertThatThrownBy(() -> device.allocate(2L << 30))
          .isInstanceOf(OutOfDeviceMemoryException.class)
          .hasMessageContaining("cuda (simt, 1 GiB) must have 2147483648 bytes free")
          .hasMessageContaining("bytes are held already")
          .hasMessageContaining("of the GPU's 1073741824 bytes are free");
      memory.write(0, new float[] {5}, 0, 1);
      float[] value = new float[1];
      memory.read(0, value, 0, 1);
      assertThat(value).containsExactly(5);
    }
  }

  @Test
  void allocatedBytes_countsEveryDevice() {
    long before = Memory.allocatedBytes();
    try (Memory memory = device.allocate(1000)) {
      assertThat(Memory.allocatedBytes()).isEqualTo(before + memory.bytes());
    }
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  /** x, target at 0; loss, dx behind them. */
  private final class Mse implements AutoCloseable {
    final Memory memory = device.allocate(4096);
    final Execution execution;

    Mse(ExecutionSettings settings) {
      Kernels kernels = device.kernels(settings.precision());
      TensorView x = device.view(memory, 0, FOUR, DType.FLOAT32);
      TensorView target = device.view(memory, 64, FOUR, DType.FLOAT32);
      TensorView loss = device.view(memory, 128, Shape.of(1), DType.FLOAT32);
      TensorView dx = device.view(memory, 192, FOUR, DType.FLOAT32);
      execution =
          device.prepare(
              memory,
              new Region(0, 128),
              new Region(128, 128),
              () -> kernels.mse(x, target, loss, dx),
              settings);
    }

    void feed(float value) {
      for (int i = 0; i < 4; i++) {
        execution.input(execution.inputSlot(), 0, BYTES).putFloat(4 * i, value);
        execution.input(execution.inputSlot(), 64, BYTES).putFloat(4 * i, 1);
      }
    }

    float loss() {
      return execution.output(execution.outputSlot(), 0, Float.BYTES).getFloat(0);
    }

    @Override
    public void close() {
      execution.close();
      memory.close();
    }
  }

  @Test
  void execution_oneSlot_isRecordedAtTheSecondRun() {
    try (Mse mse = new Mse(ExecutionSettings.DEFAULT)) {
      for (int i = 0; i < 5; i++) {
        mse.feed(i);
        mse.execution.start();
        mse.execution.finish();
        assertThat(mse.loss()).isCloseTo((i - 1) * (i - 1), within(1e-6f));
      }
      assertThat(runtime.launches()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void execution_ahead_eachRunHasItsOwnInputsAndOutputs(long seed) {
    SimtRuntime other = new SimtRuntime(seed, SimtDevice.CAPACITY);
    try (CudaDevice ahead = SimtDevice.open(other)) {
      runAhead(ahead);
    }
    assertThat(other.allocated()).isZero();
  }

  private static void runAhead(CudaDevice device) {
    Memory memory = device.allocate(4096);
    Kernels kernels = device.kernels();
    TensorView x = device.view(memory, 0, FOUR, DType.FLOAT32);
    TensorView target = device.view(memory, 64, FOUR, DType.FLOAT32);
    TensorView loss = device.view(memory, 128, Shape.of(1), DType.FLOAT32);
    TensorView dx = device.view(memory, 192, FOUR, DType.FLOAT32);
    Execution execution =
        device.prepare(
            memory,
            new Region(0, 128),
            new Region(128, 128),
            () -> kernels.mse(x, target, loss, dx),
            new ExecutionSettings(Precision.FLOAT32, true));
    for (int run = 0; run < 20; run++) {
      execution.input(execution.inputSlot(), 0, BYTES).putFloat(0, run);
      execution.start();
      if (run > 0) {
        execution.finish();
        requireLoss(execution, run - 1);
      }
    }
    execution.finish();
    requireLoss(execution, 19);
    assertThatThrownBy(execution::finish).hasMessageContaining("must be started");
    execution.start();
    execution.start();
    assertThatThrownBy(execution::start).hasMessageContaining("must be finished");
    execution.close();
    memory.close();
  }

  private static void requireLoss(Execution execution, int run) {
    float loss = execution.output(execution.outputSlot(), 0, Float.BYTES).getFloat(0);
    assertThat(loss).as("run %d", run).isCloseTo(run * run / 4f, within(1e-4f));
  }

  @Test
  void runInstead_otherCalls_seeTheInputs() {
    try (Mse mse = new Mse(ExecutionSettings.DEFAULT)) {
      mse.feed(3);
      TensorView x = device.view(mse.memory, 0, FOUR, DType.FLOAT32);
      TensorView target = device.view(mse.memory, 64, FOUR, DType.FLOAT32);
      TensorView loss = device.view(mse.memory, 128, Shape.of(1), DType.FLOAT32);
      TensorView dx = device.view(mse.memory, 192, FOUR, DType.FLOAT32);
      mse.execution.runInstead(() -> device.kernels().mse(target, x, loss, dx));
      assertThat(mse.loss()).isCloseTo(4, within(1e-6f));
    }
  }

  @Test
  void kernels_eachPrecision_areTheirOwn() {
    assertThat(device.kernels(Precision.BFLOAT16)).isNotSameAs(device.kernels());
    assertThat(device.kernels(Precision.TF32)).isSameAs(device.kernels(Precision.TF32));
    try (Mse mse = new Mse(new ExecutionSettings(Precision.BFLOAT16, false))) {
      mse.feed(2);
      mse.execution.start();
      mse.execution.finish();
      assertThat(mse.loss()).isEqualTo(1);
    }
  }

  @Test
  void start_deviceLost_saysSoAndEverythingCanStillBeClosed() {
    SimtRuntime other = new SimtRuntime(1, SimtDevice.CAPACITY);
    CudaDevice failing = SimtDevice.open(other);
    Memory memory = failing.allocate(64);
    Execution execution =
        failing.prepare(
            memory,
            new Region(0, 32),
            new Region(32, 32),
            () -> {},
            new ExecutionSettings(Precision.FLOAT32, true));
    execution.start();
    other.lose();

    assertThatThrownBy(execution::start)
        .isInstanceOf(DeviceLostException.class)
        .hasMessageContaining("cudaErrorIllegalAddress");
    assertThatThrownBy(execution::finish).isInstanceOf(DeviceLostException.class);
    execution.close();
    memory.close();
    failing.close();
    assertThat(other.allocated()).isZero();
  }
}
