package io.retort.grpc;

import static io.retort.grpc.GrpcTrial.input;
import static io.retort.grpc.GrpcTrial.typed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import inference.OpenInferenceGrpc.InferParameter;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferRequest.InferInputTensor;
import inference.OpenInferenceGrpc.ModelInferRequest.InferRequestedOutputTensor;
import io.retort.bus.FailureException;
import io.retort.oip.Output;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InferQuestionTest {
  private static final int FEATURES = 784;
  private static final int MAX_ROWS = 1024;

  static Stream<Arguments> refusals() {
    return Stream.of(
        refusal("no input", "one tensor", ModelInferRequest.Builder::clearInputs),
        refusal("two inputs", "2 came", q -> q.addInputs(q.getInputs(0))),
        refusal("other name", "named features: x", tensor(t -> t.setName("x"))),
        refusal("no such type", "FP31 came", tensor(t -> t.setDatatype("FP31"))),
        refusal("text", "BYTES came", tensor(t -> t.setDatatype("BYTES"))),
        refusal("half typed", "raw_input_contents", tensor(t -> t.setDatatype("FP16"))),
        refusal("other list", "int_contents alone", tensor(t -> t.setDatatype("INT32"))),
        refusal("no shape", "0 came", tensor(InferInputTensor.Builder::clearShape)),
        refusal("long shape", "9 came", tensor(t -> t.addAllShape(ones(7)))),
        refusal("zero rows", "[0, 784]", tensor(t -> t.setShape(0, 0))),
        refusal("fewer numbers", "785 numbers", tensor(t -> t.setShape(1, 785))),
        refusal("many rows", "1024 rows", tensor(t -> t.setShape(0, 1025))),
        refusal("NaN", "is NaN", q -> q.setInputs(0, typed(notANumber()).getInputs(0))),
        refusal("both", "once", q -> q.addRawInputContents(ByteString.EMPTY)),
        refusal("raw short", "of data: 1 came", raw(ByteString.copyFrom(new byte[1]))),
        refusal("raw twice", "2 raw", raw(ByteString.EMPTY, ByteString.EMPTY)),
        refusal("int8", "number 1 is 128", numbers("INT8", c -> c.addIntContents(128))),
        refusal("uint16", "is 65536", numbers("UINT16", c -> c.addUintContents(65536))),
        refusal("no such output", "logits came", q -> q.addOutputs(output("logits"))),
        refusal(
            "shared memory",
            "shared_memory_region",
            tensor(t -> t.putParameters("shared_memory_region", text("r")))),
        refusal("three outputs", "3 came", q -> q.addAllOutputs(outputs(3))),
        refusal(
            "timeout",
            "STRING_PARAM",
            q ->
                q.putParameters(
                    "timeout", InferParameter.newBuilder().setStringParam("1").build())),
        refusal(
            "negative timeout",
            "0 or more",
            q ->
                q.putParameters("timeout", InferParameter.newBuilder().setInt64Param(-1).build())));
  }

  private static Arguments refusal(
      String name, String sentence, Consumer<ModelInferRequest.Builder> change) {
    return Arguments.of(name, sentence, change);
  }

  private static Consumer<ModelInferRequest.Builder> tensor(
      Consumer<InferInputTensor.Builder> change) {
    return question -> {
      InferInputTensor.Builder tensor = question.getInputs(0).toBuilder();
      change.accept(tensor);
      question.setInputs(0, tensor);
    };
  }

  private static Consumer<ModelInferRequest.Builder> raw(ByteString... contents) {
    return question -> {
      question.setInputs(0, input("FP32", 1, FEATURES));
      question.addAllRawInputContents(List.of(contents));
    };
  }

  private static Consumer<ModelInferRequest.Builder> numbers(
      String datatype, Consumer<InferTensorContents.Builder> bad) {
    return question -> {
      InferTensorContents.Builder contents = InferTensorContents.newBuilder();
      if (datatype.startsWith("U")) {
        contents.addUintContents(0);
      } else {
        contents.addIntContents(0);
      }
      bad.accept(contents);
      question.setInputs(0, input(datatype, 1, 2).setContents(contents));
    };
  }

  private static List<Long> ones(int count) {
    return Stream.generate(() -> 1L).limit(count).toList();
  }

  private static List<InferRequestedOutputTensor> outputs(int count) {
    return Stream.generate(() -> output("class")).limit(count).toList();
  }

  private static InferRequestedOutputTensor output(String name) {
    return InferRequestedOutputTensor.newBuilder().setName(name).build();
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }

  private static InferParameter micros(long value) {
    return InferParameter.newBuilder().setInt64Param(value).build();
  }

  private static float[] notANumber() {
    float[] values = new float[FEATURES];
    values[5] = Float.NaN;
    return values;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void of_badQuestion_isRefused(
      String name, String sentence, Consumer<ModelInferRequest.Builder> change) {
    ModelInferRequest.Builder question = typed(new float[FEATURES]);
    change.accept(question);

    assertThatThrownBy(() -> InferQuestion.of(question.build(), MAX_ROWS).timeoutMillis(MAX_ROWS))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void of_timeout_isTheShorterOfItAndTheNodes() {
    assertThat(timeoutMillis(micros(1_500_000))).isEqualTo(1500);
    assertThat(timeoutMillis(micros(60_000_000))).isEqualTo(10_000);
    assertThat(timeoutMillis(InferParameter.newBuilder().setUint64Param(-1).build()))
        .isEqualTo(10_000);
  }

  private static long timeoutMillis(InferParameter timeout) {
    ModelInferRequest question = typed(1).putParameters("timeout", timeout).build();
    return InferQuestion.of(question, MAX_ROWS).timeoutMillis(10_000);
  }

  @Test
  void of_nothingChosen_asksForEveryOutput() {
    assertThat(InferQuestion.of(typed(1).build(), MAX_ROWS).outputs())
        .containsExactly(Output.values());
    assertThat(InferQuestion.of(typed(1).addOutputs(output("class")).build(), MAX_ROWS).outputs())
        .containsExactly(Output.CLASS);
  }
}
