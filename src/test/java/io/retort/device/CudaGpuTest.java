package io.retort.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@link CudaDevice} on a GPU: {@code mvn -Dgroups=gpu test}. */
@Tag("gpu")
class CudaGpuTest {
  private static final int SIDE = 2048;
  private static final int SQUARE_BYTES = SIDE * SIDE * Float.BYTES;
  private static Device device;

  @BeforeAll
  static void open() {
    device = GpuDevice.open();
  }

  @AfterAll
  static void close() {
    if (device != null) {
      device.close();
    }
  }

  /** y = a·b over and over; a and b are inputs, y the output. */
  private static final class Product implements AutoCloseable {
    final Memory memory = device.allocate(3L * SQUARE_BYTES);
    final Execution execution;

    Product(ExecutionSettings settings, int times) {
      Kernels kernels = device.kernels(settings.precision());
      Shape square = Shape.of(SIDE, SIDE);
      TensorView a = device.view(memory, 0, square, DType.FLOAT32);
      TensorView b = device.view(memory, SQUARE_BYTES, square, DType.FLOAT32);
      TensorView y = device.view(memory, 2L * SQUARE_BYTES, square, DType.FLOAT32);
      execution =
          device.prepare(
              memory,
              new Region(0, 2L * SQUARE_BYTES),
              new Region(2L * SQUARE_BYTES, Float.BYTES),
              () -> {
                for (int i = 0; i < times; i++) {
                  kernels.matmul(a, b, null, y, false, false, Native.Activation.none);
                }
              },
              settings);
    }

    /** a is the value in its first row and 0 elsewhere, b is 1 in its first column. */
    void feed(float value) {
      ByteBuffer inputs = execution.input(execution.inputSlot(), 0, 2 * SQUARE_BYTES);
      for (int i = 0; i < SIDE; i++) {
        inputs.putFloat(Float.BYTES * i, value);
        inputs.putFloat(SQUARE_BYTES + Float.BYTES * SIDE * i, 1);
      }
    }

    float result() {
      return execution.output(execution.outputSlot(), 0, Float.BYTES).getFloat(0);
    }

    @Override
    public void close() {
      execution.close();
      memory.close();
    }
  }

  @Test
  void describe_gpu_namesItAndItsMemory() {
    assertThat(device.describe()).matches("cuda \\(.+, \\d+ GiB\\)");
  }

  @Test
  void memory_copied_comesBack() {
    byte[] bytes = new byte[(50 << 20) + 7];
    new Random(1).nextBytes(bytes);
    try (Memory memory = device.allocate(bytes.length)) {
      memory.write(0, ByteBuffer.wrap(bytes));
      byte[] back = new byte[bytes.length];
      memory.read(0, ByteBuffer.wrap(back));
      assertThat(back).isEqualTo(bytes);
    }
    try (Memory memory = device.allocate(1 << 20)) {
      byte[] fresh = new byte[1 << 20];
      memory.read(0, ByteBuffer.wrap(fresh));
      assertThat(fresh).containsOnly(0);
    }
  }

  @Test
  void allocate_moreThanThereIs_leavesTheRestAlive() {
    try (Product product = new Product(ExecutionSettings.DEFAULT, 1)) {
      product.feed(1);
      product.execution.start();
      product.execution.finish();
      assertThatThrownBy(() -> device.allocate(1L << 46))
          .isInstanceOf(OutOfDeviceMemoryException.class)
          .hasMessageContaining(Long.toString(1L << 46))
          .hasMessageContaining("bytes are free");
      product.feed(2);
      product.execution.start();
      product.execution.finish();
      assertThat(product.result()).isEqualTo(2 * SIDE);
    }
  }

  @Test
  void execution_recorded_readsEachRunsInputs() {
    for (boolean ahead : new boolean[] {false, true}) {
      try (Product product = new Product(new ExecutionSettings(Precision.FLOAT32, ahead), 1)) {
        for (int run = 0; run < 50; run++) {
          product.feed(run);
          product.execution.start();
          if (!ahead) {
            product.execution.finish();
            assertThat(product.result()).isEqualTo(run * SIDE);
          } else if (run > 0) {
            product.execution.finish();
            assertThat(product.result()).as("run %d", run - 1).isEqualTo((run - 1) * SIDE);
          }
        }
      }
    }
  }

  @Test
  void execution_ahead_copiesWhileItComputes() {
    double serial = secondsOfRuns(new ExecutionSettings(Precision.FLOAT32, false));
    double ahead = secondsOfRuns(new ExecutionSettings(Precision.FLOAT32, true));

    assertThat(ahead).as("seconds, one after the other %f", serial).isLessThan(0.95 * serial);
  }

  private static double secondsOfRuns(ExecutionSettings settings) {
    try (Product product = new Product(settings, 4)) {
      product.feed(1);
      long begin = 0;
      for (int run = 0; run < 60; run++) {
        if (run == 10) {
          begin = System.nanoTime();
        }
        product.execution.start();
        if (!settings.ahead() || run > 0) {
          product.execution.finish();
        }
      }
      return (System.nanoTime() - begin) / 1e9;
    }
  }

  @Test
  void precision_lower_roundsFactorsAndNotSums() {
    float value = 1 + 0x1p-9f;

    assertThat(product(Precision.FLOAT32, value)).isCloseTo(value * SIDE, within(0.01f));
    assertThat(product(Precision.TF32, value)).isCloseTo(value * SIDE, within(0.01f));
    assertThat(product(Precision.BFLOAT16, value)).isEqualTo(SIDE);
  }

  private static float product(Precision precision, float value) {
    try (Product product = new Product(new ExecutionSettings(precision, false), 1)) {
      product.feed(value);
      product.execution.start();
      product.execution.finish();
      return product.result();
    }
  }

  @Test
  void finish_labelOutOfRange_throwsTheKernelsSentence() {
    try (Memory memory = device.allocate(4096)) {
      TensorView z = device.view(memory, 0, Shape.of(2, 4), DType.FLOAT32);
      TensorView labels = device.view(memory, 256, Shape.of(2), DType.INT32);
      TensorView loss = device.view(memory, 512, Shape.of(1), DType.FLOAT32);
      TensorView dz = device.view(memory, 768, Shape.of(2, 4), DType.FLOAT32);
      Kernels kernels = device.kernels();
      try (Execution execution =
          device.prepare(
              memory,
              new Region(256, 256),
              new Region(512, 256),
              () -> kernels.cross_entropy(z, labels, loss, dz),
              ExecutionSettings.DEFAULT)) {
        execution.input(0, 0, 8).putInt(4, 4);
        execution.start();
        assertThatThrownBy(execution::finish)
            .hasMessageContaining("[cross_entropy] labels must be in [0, 4): 4 in row 1");
        execution.input(0, 0, 8).putInt(4, 3);
        execution.start();
        execution.finish();
        assertThat(execution.output(0, 0, 4).getFloat(0))
            .isCloseTo((float) Math.log(4), within(1e-6f));
      }
    }
  }
}
