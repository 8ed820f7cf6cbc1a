package io.retort.graph;

import io.retort.device.Device;
import io.retort.device.SimtDevice;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link GradientRulesTest} with the CUDA kernels, under simt. */
class SimtGradientRulesTest {
  private static Device device;

  @BeforeAll
  static void open() {
    device = SimtDevice.open(11);
  }

  @AfterAll
  static void close() {
    if (device != null) {
      device.close();
    }
  }

  static Stream<String> cases() {
    return GradientRulesTest.cases();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void of_op_agreesWithCentralDifferences(String name) {
    GradientRulesTest.compare(device, name);
  }
}
