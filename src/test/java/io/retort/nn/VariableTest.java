package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.graph.Window2d;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class VariableTest {
  /** Values fill ±bound, and have the variance bound²/3 of a uniform distribution. */
  private static void assertUniform(Variable variable, double bound) {
    float[] values = new float[(int) variable.shape().size()];
    variable.initializer().fill(values, variable.shape(), new SplittableRandom(5));
    double squares = 0;
    double largest = 0;
    for (float value : values) {
      squares += (double) value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isBetween(0.9 * bound, bound);
    assertThat(squares / values.length).isCloseTo(bound * bound / 3, within(bound * bound / 30));
  }

  @Test
  void variables_linear_areUniformWithinPyTorchsBound() {
    List<Variable> variables = new Linear(300, true).variables(Shape.of(100));
    assertThat(variables.get(0).shape()).isEqualTo(Shape.of(300, 100));
    assertUniform(variables.get(0), 0.1);
    assertUniform(variables.get(1), 0.1);
  }

  @Test
  void variables_conv_areUniformWithinPyTorchsBound() {
    Conv conv = new Conv(400, Window2d.square(5), 2, true);
    List<Variable> variables = conv.variables(Shape.of(8, 9, 9));
    assertThat(variables.get(0).shape()).isEqualTo(Shape.of(400, 4, 5, 5));
    assertUniform(variables.get(0), 0.1);
    assertUniform(variables.get(1), 0.1);
  }

  @Test
  void variables_batchNorm_startAsTheIdentity() {
    List<Variable> variables = new BatchNorm(0.1, 1e-5).variables(Shape.of(3, 2, 2));
    assertThat(variables)
        .extracting(Variable::name)
        .containsExactly("weight", "bias", "runningMean", "runningVariance");
    assertThat(variables).extracting(Variable::trained).containsExactly(true, true, false, false);
    float[][] starts = new float[4][3];
    for (int i = 0; i < 4; i++) {
      variables
          .get(i)
          .initializer()
          .fill(starts[i], variables.get(i).shape(), new SplittableRandom(5));
    }
    assertThat(starts).isDeepEqualTo(new float[][] {{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}});
  }
}
