package io.retort.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeviceTest {
  private final Device device = Device.open(DeviceKind.CPU, 2);

  @AfterEach
  void close() {
    device.close();
  }

  @Test
  void describe_cpu_namesInstructionsBlasAndThreads() {
    assertThat(device.describe()).startsWith("cpu (").contains("OpenBLAS").endsWith("2 threads)");
  }

  @Test
  void matmul_throughTheBinding_multiplies() {
    try (Memory memory = device.allocate(1024)) {
      memory.write(0, new float[] {1, 2, 3, 4, 5, 6}, 0, 6);
      memory.write(256, new float[] {1, 0, 2, 0, 1, 3}, 0, 6);
      device
          .kernels()
          .matmul(
              device.view(memory, 0, Shape.of(2, 3), DType.FLOAT32),
              device.view(memory, 256, Shape.of(3, 2), DType.FLOAT32),
              null,
              device.view(memory, 512, Shape.of(2, 2), DType.FLOAT32),
              false,
              false,
              Native.Activation.none);
      float[] y = new float[4];
      memory.read(512, y, 0, 4);
      assertThat(y).containsExactly(new float[] {8, 9, 20, 18}, within(1e-6f));
    }
  }

  @Test
  void matmul_wrongShapes_throwsTheKernelsSentence() {
    try (Memory memory = device.allocate(4096)) {
      TensorView a = device.view(memory, 0, Shape.of(2, 3), DType.FLOAT32);
      TensorView b = device.view(memory, 1024, Shape.of(4, 2), DType.FLOAT32);
      TensorView y = device.view(memory, 2048, Shape.of(2, 2), DType.FLOAT32);
      assertThatThrownBy(
              () -> device.kernels().matmul(a, b, null, y, false, false, Native.Activation.none))
          .hasMessageContaining("[matmul]")
          .hasMessageContaining("[2, 3]")
          .hasMessageContaining("[4, 2]");
    }
  }

  @Test
  void allocate_andClose_returnsEveryByte() {
    long before = Memory.allocatedBytes();
    Memory memory = device.allocate(1 << 22);
    assertThat(Memory.allocatedBytes() - before).isEqualTo(1 << 22);
    assertThat(memory.host(0, 1 << 22).getLong(1 << 21)).isZero();
    memory.close();
    memory.close();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
    assertThatThrownBy(() -> memory.host(0, 1)).hasMessageContaining("closed");
  }

  @Test
  void allocate_moreThanThereIs_saysHowMuch() {
    assertThatThrownBy(() -> device.allocate(1L << 46))
        .isInstanceOf(OutOfDeviceMemoryException.class)
        .hasMessageContaining(Long.toString(1L << 46));
  }

  @Test
  void view_outsideTheBlock_isRefused() {
    try (Memory memory = device.allocate(64)) {
      assertThatThrownBy(() -> device.view(memory, 32, Shape.of(9), DType.FLOAT32))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void kernels_otherPrecision_areTheSameOnTheCpu() {
    assertThat(device.kernels(Precision.BFLOAT16)).isSameAs(device.kernels());
  }
}
