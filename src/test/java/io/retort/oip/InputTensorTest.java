package io.retort.oip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputTensorTest {
  @ParameterizedTest
  @CsvSource({"'784', 1, 784", "'3 784', 3, 2352", "'2 1 28 28', 2, 1568", "'1', 1, 1"})
  void of_shape_itsFirstDimensionIsRowsUnlessItIsAlone(String shape, int rows, int elements) {
    InputTensor input = InputTensor.of(Datatype.FP16, shape(shape), 4);

    assertThat(input.rows()).isEqualTo(rows);
    assertThat(input.elements()).isEqualTo(elements);
    assertThat(input.bytes()).isEqualTo(2L * elements);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                      | must have 1 to 8 dimensions: 0 came
          1 1 1 1 1 1 1 1 1                       | must have 1 to 8 dimensions: 9 came
          -1 784                                  | at least 1: its shape is [-1, 784]
          1 0                                     | at least 1: its shape is [1, 0]
          4294967296 4294967296                   | has more
          9223372036854775807                     | has more
          2 9223372036854775807 2                 | has more
          134217729                               | may have 134217728 elements
          """)
  void of_shapeThatNoneCanHave_isRefused(String shape, String sentence) {
    requireTensorRefusal(() -> InputTensor.of(Datatype.FP32, shape(shape), 4), sentence);
  }

  @Test
  void of_moreRowsThanAllowed_isABatchTooLarge() {
    assertThatThrownBy(() -> InputTensor.of(Datatype.FP32, shape("5 2"), 4))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(Failure.BATCH_TOO_LARGE))
        .hasMessage("a request may hold 4 rows: 5 came");
  }

  @Test
  void read_bytesOfItsShape_areItsNumbers() {
    ByteBuffer data = floats(1, 2, 3, 4);

    assertThat(InputTensor.of(Datatype.FP32, shape("2 2"), 4).read(data))
        .containsExactly(1, 2, 3, 4);
  }

  @ParameterizedTest
  @CsvSource({"3, 12", "5, 20", "0, 0"})
  void read_bytesOfAnotherShape_areRefused(int numbers, int bytes) {
    requireTensorRefusal(
        () -> InputTensor.of(Datatype.FP32, shape("2 2"), 4).read(floats(new float[numbers])),
        "of shape [2, 2] and datatype FP32 must have 16 bytes of data: " + bytes + " came");
  }

  @ParameterizedTest
  @CsvSource({"NaN, NaN", "Infinity, too large", "-Infinity, too large"})
  void read_numberThatIsNotFinite_isRefusedByItsPlace(float value, String kind) {
    requireTensorRefusal(
        () -> InputTensor.of(Datatype.FP32, shape("3"), 4).read(floats(1, value, 2)),
        "must hold finite float32 numbers: number 1 is " + kind);
    requireTensorRefusal(
        () -> InputTensor.of(Datatype.FP32, shape("2"), 4).require(new float[] {0, value}),
        "number 1 is " + kind);
  }

  @Test
  void read_doubleBeyondFloats_isRefused() {
    ByteBuffer data = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(0, 1e39);

    requireTensorRefusal(
        () -> InputTensor.of(Datatype.FP64, shape("1"), 4).read(data), "number 0 is too large");
  }

  @Test
  void require_numbersOfItsShape_areTheSameArray() {
    float[] values = {1, 2};

    assertThat(InputTensor.of(Datatype.FP32, shape("2"), 4).require(values)).isSameAs(values);
    requireTensorRefusal(
        () -> InputTensor.of(Datatype.FP32, shape("3"), 4).require(values),
        "of shape [3] must have 3 numbers of data: 2 came");
  }

  @Test
  void requireName_another_isRefused() {
    InputTensor.requireName("features");
    requireTensorRefusal(() -> InputTensor.requireName("x"), "must be named features: x");
    requireTensorRefusal(
        () -> InputTensor.requireName(null), "must be named features: it has no name");
    InputTensor.requireOne(1);
    requireTensorRefusal(() -> InputTensor.requireOne(2), "one tensor, features: 2 came");
  }

  @Test
  void explain_modelsRefusalOfARow_namesTheTensor() {
    InputTensor input = InputTensor.of(Datatype.FP32, shape("1 3"), 4);
    Throwable other = Failure.QUEUE_FULL.because("full");

    assertThat(input.explain(other)).isSameAs(other);
    assertThat(input.explain(Failure.INVALID_FEATURES.because("4 must come")))
        .hasMessage("input features has the shape [1, 3]: 4 must come");
  }

  private static void requireTensorRefusal(ThrowingCallable call, String sentence) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(Failure.INVALID_TENSOR))
        .hasMessageContaining(sentence);
  }

  private static long[] shape(String text) {
    return text.isEmpty()
        ? new long[0]
        : java.util.Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
  }

  private static ByteBuffer floats(float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    return data.flip();
  }
}
