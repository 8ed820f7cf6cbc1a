package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Memory;
import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VariablesTest {
  private final Device device = Device.open(DeviceKind.CPU, 1);
  private final Variables variables = new Variables(device);

  @AfterEach
  void close() {
    variables.close();
    device.close();
  }

  private static Graph graph(String... paths) {
    Graph g = new Graph(Mode.TRAINING);
    for (String path : paths) {
      g.parameter(path, Shape.of(2, 3), Initializers.uniform(1));
    }
    return g;
  }

  @Test
  void declare_sameSeedAndPath_givesTheSameValues() {
    variables.declare(graph("a", "b"), 7);
    try (Variables other = new Variables(device)) {
      other.declare(graph("c", "b", "a"), 7);
      assertThat(other.get("a").floats()).containsExactly(variables.get("a").floats());
      assertThat(other.get("b").floats()).containsExactly(variables.get("b").floats());
    }
    assertThat(variables.get("a").floats()).isNotEqualTo(variables.get("b").floats());
    try (Variables other = new Variables(device)) {
      other.declare(graph("a"), 8);
      assertThat(other.get("a").floats()).isNotEqualTo(variables.get("a").floats());
    }
  }

  @Test
  void declare_again_keepsWhatIsThere() {
    variables.declare(graph("a"), 7);
    variables.set("a", HostTensor.of(Shape.of(2, 3), 1, 2, 3, 4, 5, 6));
    variables.declare(graph("a", "b"), 9);
    assertThat(variables.get("a").floats()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(variables.paths()).containsExactly("a", "b");
    assertThat(variables.bytes()).isEqualTo(48);
  }

  @Test
  void declare_otherShape_isRefusedAndAllocatesNothing() {
    variables.declare(graph("a"), 7);
    Graph other = graph("b");
    other.parameter("a", Shape.of(6), Initializers.zeros());
    assertThatThrownBy(() -> variables.declare(other, 7))
        .hasMessage("[variables] a must be [2, 3] FLOAT32: [6] FLOAT32");
    assertThat(variables.paths()).containsExactly("a");
  }

  @Test
  void set_otherShapeOrType_isRefused() {
    variables.declare(graph("a"), 7);
    assertThatThrownBy(() -> variables.set("a", HostTensor.of(Shape.of(6), new float[6])))
        .hasMessage("[variables] a must be [2, 3] FLOAT32: [6] FLOAT32");
    assertThatThrownBy(() -> variables.set("a", HostTensor.ofInts(Shape.of(2, 3), new int[6])))
        .hasMessageContaining("INT32");
    assertThatThrownBy(() -> variables.get("aa")).hasMessageContaining("did you mean a?");
    assertThat(variables.dtype("a")).isEqualTo(DType.FLOAT32);
  }

  @Test
  void copyFrom_prefix_copiesUnderTheOther() {
    variables.declare(graph("student/a", "student/b"), 7);
    try (Variables other = new Variables(device)) {
      other.declare(graph("a", "b"), 8);
      variables.copyFrom(other, "", "student/");
      assertThat(variables.get("student/b").floats()).containsExactly(other.get("b").floats());
      assertThatThrownBy(() -> variables.copyFrom(other, "c", "student/"))
          .hasMessage("[variables] there must be variables to copy: none begins with c");
      assertThatThrownBy(() -> variables.copyFrom(other, "", "teacher/"))
          .hasMessageContaining("teacher/a");
    }
  }

  @Test
  void initializers_draw_whatTheySay() {
    Graph g = new Graph(Mode.TRAINING);
    Shape shape = Shape.of(100, 100);
    g.parameter("kaiming", shape, Initializers.kaimingUniform(6));
    g.parameter("normal", shape, Initializers.normal(2));
    g.state("ones", shape, Initializers.ones());
    variables.declare(g, 3);
    assertThat(variables.get("ones").floats()).containsOnly(1);
    assertThat(deviation(variables.get("normal").floats())).isBetween(1.9, 2.1);
    assertThat(deviation(variables.get("kaiming").floats())).isBetween(0.55, 0.6);
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  @Test
  void close_freesTheMemoryAndRefusesUse() {
    long before = Memory.allocatedBytes();
    variables.declare(graph("a"), 7);
    assertThat(Memory.allocatedBytes()).isGreaterThan(before);
    variables.close();
    variables.close();
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
    assertThatThrownBy(() -> variables.get("a")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> variables.declare(graph("a"), 7)).hasMessageContaining("closed");
  }
}
