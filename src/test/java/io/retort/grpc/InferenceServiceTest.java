package io.retort.grpc;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.digit;
import static io.retort.grpc.GrpcTrial.input;
import static io.retort.grpc.GrpcTrial.typed;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferRequest.InferRequestedOutputTensor;
import inference.OpenInferenceGrpc.ModelInferResponse;
import inference.OpenInferenceGrpc.ModelMetadataRequest;
import inference.OpenInferenceGrpc.ModelMetadataResponse;
import inference.OpenInferenceGrpc.ModelReadyRequest;
import inference.OpenInferenceGrpc.ModelReadyResponse;
import inference.OpenInferenceGrpc.ServerLiveRequest;
import inference.OpenInferenceGrpc.ServerLiveResponse;
import inference.OpenInferenceGrpc.ServerMetadataRequest;
import inference.OpenInferenceGrpc.ServerMetadataResponse;
import inference.OpenInferenceGrpc.ServerReadyRequest;
import inference.OpenInferenceGrpc.ServerReadyResponse;
import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.PredictReply;
import io.retort.bus.PredictRequest;
import io.retort.nn.Architecture;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class InferenceServiceTest {
  private static final int FEATURES = 784;
  @TempDir static Path home;
  private static TrialNode node;
  private static GrpcTrial client;

  @BeforeAll
  static void start() throws InterruptedException {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    node = TrialNode.start(home, Map.of(), "inference", "cache", "grpc");
    client = new GrpcTrial(node);
    node.awaitLive("student", "1");
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  private static PredictReply predict(float[] features) {
    return await(node.bus().request(Addresses.PREDICT, PredictRequest.of(features)));
  }

  @Test
  void server_withAModel_isLiveAndReadyAndNamed() {
    assertThat(
            client
                .call("ServerLive", ServerLiveRequest.getDefaultInstance())
                .as(ServerLiveResponse.parser())
                .getLive())
        .isTrue();
    assertThat(
            client
                .call("ServerReady", ServerReadyRequest.getDefaultInstance())
                .as(ServerReadyResponse.parser())
                .getReady())
        .isTrue();
    ServerMetadataResponse metadata =
        client
            .call("ServerMetadata", ServerMetadataRequest.getDefaultInstance())
            .as(ServerMetadataResponse.parser());
    assertThat(metadata.getName()).isEqualTo("retort");
    assertThat(metadata.getVersion()).isNotEmpty();
    assertThat(metadata.getExtensionsList()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"student, '', true", "student, 1, true", "student, 9, false", "nobody, '', false"})
  void modelReady_tellsWhetherItAnswers(String name, String version, boolean ready) {
    ModelReadyRequest question =
        ModelReadyRequest.newBuilder().setName(name).setVersion(version).build();

    assertThat(client.call("ModelReady", question).as(ModelReadyResponse.parser()).getReady())
        .isEqualTo(ready);
  }

  @Test
  void modelMetadata_describesInputAndOutputs() {
    ModelMetadataResponse model =
        client
            .call("ModelMetadata", ModelMetadataRequest.newBuilder().setName("student").build())
            .as(ModelMetadataResponse.parser());

    assertThat(model.getName()).isEqualTo("student");
    assertThat(model.getVersionsList()).containsExactly("1");
    assertThat(model.getInputsList())
        .singleElement()
        .satisfies(
            input -> {
              assertThat(input.getName()).isEqualTo("features");
              assertThat(input.getDatatype()).isEqualTo("FP32");
              assertThat(input.getShapeList()).startsWith(-1L);
              assertThat(input.getShapeList().stream().skip(1).reduce(1L, (a, b) -> a * b))
                  .isEqualTo(FEATURES);
            });
    assertThat(model.getOutputsList())
        .extracting(output -> output.getName() + output.getDatatype() + output.getShapeList())
        .containsExactly("probabilitiesFP32[-1, 10]", "classINT64[-1]");
  }

  @ParameterizedTest
  @CsvSource({"nobody, '', nobody", "student, 9, version 9 of student"})
  void modelMetadata_unknown_isNotFound(String name, String version, String sentence) {
    GrpcTrial.Ended ended =
        client.call(
            "ModelMetadata",
            ModelMetadataRequest.newBuilder().setName(name).setVersion(version).build());

    assertThat(ended.status()).isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(ended.sentence()).contains(sentence);
  }

  @Test
  void infer_typed_answersTypedWithWhatTheModelSays() {
    float[] digit = digit(1);

    ModelInferResponse answer = client.infer(typed(digit).setId("call 1").setModelVersion("1"));

    assertThat(answer.getId()).isEqualTo("call 1");
    assertThat(answer.getModelName()).isEqualTo("student");
    assertThat(answer.getModelVersion()).isEqualTo("1");
    assertThat(answer.getRawOutputContentsCount()).isZero();
    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(1L, 10L);
    assertThat(floats(answer)).isEqualTo(predict(digit).predictions());
    assertThat(answer.getOutputs(1).getName()).isEqualTo("class");
    assertThat(answer.getOutputs(1).getContents().getInt64ContentsList())
        .containsExactly((long) best(predict(digit).predictions()));
  }

  @Test
  void infer_rawRows_answersRawRowsInTheirOrder() {
    int rows = 3;
    ByteBuffer bytes = ByteBuffer.allocate(rows * FEATURES * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      for (float value : digit(row)) {
        bytes.putFloat(value);
      }
    }

    ModelInferResponse answer =
        client.infer(
            ModelInferRequest.newBuilder()
                .setModelName("student")
                .addInputs(input("FP32", rows, 28, 28))
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("class"))
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("probabilities"))
                .addRawInputContents(ByteString.copyFrom(bytes.flip())));

    assertThat(answer.getOutputs(0).hasContents()).isFalse();
    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(3L);
    assertThat(answer.getOutputs(1).getShapeList()).containsExactly(3L, 10L);
    ByteBuffer classes = little(answer.getRawOutputContents(0));
    ByteBuffer probabilities = little(answer.getRawOutputContents(1));
    for (int row = 0; row < rows; row++) {
      float[] expected = predict(digit(row)).predictions();
      float[] came = new float[10];
      probabilities.asFloatBuffer().get(10 * row, came);
      assertThat(came).containsExactly(expected, org.assertj.core.data.Offset.offset(1e-6f));
      assertThat(classes.getLong(8 * row)).isEqualTo(best(expected));
    }
  }

  static Stream<Arguments> lists() {
    return Stream.of(
        list("INT8", (contents, i) -> contents.addIntContents(i)),
        list("INT16", (contents, i) -> contents.addIntContents(i)),
        list("INT32", (contents, i) -> contents.addIntContents(i)),
        list("INT64", (contents, i) -> contents.addInt64Contents(i)),
        list("UINT8", (contents, i) -> contents.addUintContents(i)),
        list("UINT16", (contents, i) -> contents.addUintContents(i)),
        list("UINT32", (contents, i) -> contents.addUintContents(i)),
        list("UINT64", (contents, i) -> contents.addUint64Contents(i)),
        list("FP64", (contents, i) -> contents.addFp64Contents(i)),
        list("FP32", (contents, i) -> contents.addFp32Contents(i)));
  }

  private static Arguments list(
      String datatype, java.util.function.ObjIntConsumer<InferTensorContents.Builder> add) {
    return Arguments.of(datatype, add);
  }

  @ParameterizedTest
  @MethodSource("lists")
  void infer_everyTypedList_isTheSameNumbers(
      String datatype, java.util.function.ObjIntConsumer<InferTensorContents.Builder> add) {
    float[] values = new float[FEATURES];
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (int i = 0; i < FEATURES; i++) {
      values[i] = i % 128;
      add.accept(contents, i % 128);
    }

    ModelInferResponse answer =
        client.infer(
            ModelInferRequest.newBuilder()
                .addInputs(input(datatype, FEATURES).setContents(contents)));

    assertThat(floats(answer)).isEqualTo(predict(values).predictions());
  }

  @Test
  void infer_whatTheModelRefuses_isExplainedInTheProtocolsWords() {
    GrpcTrial.Ended ended = client.call("ModelInfer", typed(new float[783]).build());

    assertThat(ended.status()).isEqualTo(GrpcStatus.INVALID_ARGUMENT);
    assertThat(ended.sentence()).contains("input features", "[1, 783]", "784 numbers a row");
  }

  @ParameterizedTest
  @CsvSource({"nobody, '', nobody", "student, 9, 9"})
  void infer_unknownModelOrVersion_isNotFound(String model, String version, String sentence) {
    GrpcTrial.Ended ended =
        client.call(
            "ModelInfer", typed(digit(1)).setModelName(model).setModelVersion(version).build());

    assertThat(ended.status()).isEqualTo(GrpcStatus.NOT_FOUND);
    assertThat(ended.sentence()).contains(sentence);
  }

  @Test
  void infer_manyAtOnce_eachGetsItsOwnAnswer() {
    List<Future<GrpcTrial.Ended>> calls = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      ModelInferRequest question = typed(digit(i)).setId(String.valueOf(i)).build();
      calls.add(client.begin("ModelInfer", question));
    }

    for (int i = 0; i < calls.size(); i++) {
      ModelInferResponse answer = await(calls.get(i)).as(ModelInferResponse.parser());
      assertThat(answer.getId()).isEqualTo(String.valueOf(i));
      assertThat(floats(answer))
          .containsExactly(
              predict(digit(i)).predictions(), org.assertj.core.data.Offset.offset(1e-6f));
    }
  }

  private static float[] floats(ModelInferResponse answer) {
    InferTensorContents contents = answer.getOutputs(0).getContents();
    float[] values = new float[contents.getFp32ContentsCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = contents.getFp32Contents(i);
    }
    return values;
  }

  private static ByteBuffer little(ByteString bytes) {
    return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int best(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
