package io.retort.grpc;

import static io.retort.grpc.GrpcTrial.input;
import static io.retort.grpc.GrpcTrial.typed;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferRequest.InferInputTensor;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MessageCostTest {
  private static final int MOST = 100_000;

  static List<ModelInferRequest.Builder> greedy() {
    List<Long> zeros = Collections.nCopies(20_000, 0L);
    InferTensorContents.Builder longs = InferTensorContents.newBuilder().addAllInt64Contents(zeros);
    return List.of(
        ModelInferRequest.newBuilder()
            .addAllInputs(Collections.nCopies(2000, InferInputTensor.getDefaultInstance())),
        ModelInferRequest.newBuilder()
            .addAllRawInputContents(Collections.nCopies(2000, ByteString.EMPTY)),
        ModelInferRequest.newBuilder().addInputs(input("FP32").addAllShape(zeros)),
        ModelInferRequest.newBuilder().addInputs(input("INT64").setContents(longs)));
  }

  @ParameterizedTest
  @MethodSource("greedy")
  void require_fewBytesThatBecomeMany_isRefused(ModelInferRequest.Builder question) {
    assertThatThrownBy(() -> MessageCost.require(question.build().toByteArray(), MOST))
        .hasMessageContaining("may take 100000 bytes");
  }

  static Stream<byte[]> frugal() {
    return Stream.of(
        typed(new float[20_000]).build().toByteArray(),
        ModelInferRequest.newBuilder()
            .addInputs(input("FP32", 25, 784))
            .addRawInputContents(ByteString.copyFrom(new byte[25 * 784 * 4]))
            .build()
            .toByteArray(),
        new byte[0]);
  }

  @ParameterizedTest
  @MethodSource("frugal")
  void require_numbersAsLongAsTheyStay_pass(byte[] message) {
    assertThatCode(() -> MessageCost.require(message, MOST)).doesNotThrowAnyException();
  }

  @Test
  void require_malformed_isLeftToTheReader() {
    assertThatCode(() -> MessageCost.require(new byte[] {-1, -1, -1}, MOST))
        .doesNotThrowAnyException();
  }
}
