package io.retort.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferResponse;
import inference.OpenInferenceGrpc.ModelInferResponse.InferOutputTensor;
import io.retort.bus.PredictReply;
import io.retort.oip.Output;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The message that answers a {@code ModelInfer}: its numbers as bytes where they came so. */
final class InferAnswer {
  private InferAnswer() {}

  static ModelInferResponse of(
      ModelInferRequest message, InferQuestion question, PredictReply reply) {
    ModelInferResponse.Builder answer =
        ModelInferResponse.newBuilder()
            .setModelName(reply.model())
            .setModelVersion(reply.version())
            .setId(message.getId());
    int classes = reply.predictions().length / reply.rows();
    for (Output output : question.outputs()) {
      InferOutputTensor.Builder tensor =
          InferOutputTensor.newBuilder().setName(output.tensor()).setDatatype(output.datatype());
      for (int size : output.shape(reply.rows(), classes)) {
        tensor.addShape(size);
      }
      if (question.raw()) {
        answer.addRawOutputContents(bytes(output, reply));
      } else {
        tensor.setContents(contents(output, reply));
      }
      answer.addOutputs(tensor);
    }
    return answer.build();
  }

  private static ByteString bytes(Output output, PredictReply reply) {
    ByteBuffer bytes = ByteBuffer.allocate(output.bytes(reply)).order(ByteOrder.LITTLE_ENDIAN);
    switch (output) {
      case PROBABILITIES -> bytes.asFloatBuffer().put(reply.predictions());
      case CLASS -> {
        for (int row = 0; row < reply.rows(); row++) {
          bytes.putLong(Output.classOf(reply, row));
        }
      }
    }
    return UnsafeByteOperations.unsafeWrap(bytes.array());
  }

  private static InferTensorContents contents(Output output, PredictReply reply) {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    switch (output) {
      case PROBABILITIES -> {
        for (float value : reply.predictions()) {
          contents.addFp32Contents(value);
        }
      }
      case CLASS -> {
        for (int row = 0; row < reply.rows(); row++) {
          contents.addInt64Contents(Output.classOf(reply, row));
        }
      }
    }
    return contents.build();
  }
}
