package io.retort.grpc;

import com.google.protobuf.ByteString;
import inference.OpenInferenceGrpc.InferParameter;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferRequest.InferInputTensor;
import inference.OpenInferenceGrpc.ModelInferRequest.InferRequestedOutputTensor;
import io.retort.bus.Failure;
import io.retort.oip.Datatype;
import io.retort.oip.InputTensor;
import io.retort.oip.Output;
import io.retort.oip.Parameters;
import java.util.List;
import java.util.Map;

/**
 * What a {@code ModelInfer} asks.
 *
 * @param features the input's numbers, row after row
 * @param outputs those that are asked for, in their order
 * @param raw whether the numbers came as bytes, and go back so
 * @param timeoutMicros 0 for none
 */
record InferQuestion(
    InputTensor input, float[] features, List<Output> outputs, boolean raw, long timeoutMicros) {

  /**
   * Reads a message.
   *
   * @throws io.retort.bus.FailureException for what the protocol or every model refuses
   */
  static InferQuestion of(ModelInferRequest message, int maxRows) {
    InputTensor.requireOne(message.getInputsCount());
    InferInputTensor tensor = message.getInputs(0);
    InputTensor.requireName(tensor.getName());
    requireSupported(message.getParametersMap());
    requireSupported(tensor.getParametersMap());
    Datatype datatype = Datatype.named(tensor.getDatatype());
    InputTensor input = InputTensor.of(datatype, shape(tensor), maxRows);
    boolean raw = message.getRawInputContentsCount() > 0;
    return new InferQuestion(
        input,
        raw
            ? input.read(bytes(message, tensor).asReadOnlyByteBuffer())
            : input.require(new TypedContents(tensor.getContents(), datatype, input).read()),
        outputs(message),
        raw,
        micros(message.getParametersMap().get(Parameters.TIMEOUT)));
  }

  private static long[] shape(InferInputTensor tensor) {
    if (tensor.getShapeCount() > InputTensor.MAX_DIMENSIONS) {
      throw InputTensor.refused(
          "must have 1 to %d dimensions: %d came"
              .formatted(InputTensor.MAX_DIMENSIONS, tensor.getShapeCount()));
    }
    return tensor.getShapeList().stream().mapToLong(Long::longValue).toArray();
  }

  private static ByteString bytes(ModelInferRequest message, InferInputTensor tensor) {
    if (message.getRawInputContentsCount() != 1 || tensor.hasContents()) {
      throw InputTensor.refused(
          "must have its numbers once, in its contents or in one of raw_input_contents: %d raw came%s"
              .formatted(
                  message.getRawInputContentsCount(),
                  tensor.hasContents() ? " and contents too" : ""));
    }
    return message.getRawInputContents(0);
  }

  private static List<Output> outputs(ModelInferRequest message) {
    int all = Output.values().length;
    int count = message.getOutputsCount();
    if (count == 0) {
      return List.of(Output.values());
    }
    if (count > all) {
      throw Failure.INVALID_TENSOR.because(
          "a request may name " + all + " outputs: " + count + " came");
    }
    return message.getOutputsList().stream().map(InferQuestion::output).toList();
  }

  private static Output output(InferRequestedOutputTensor wanted) {
    requireSupported(wanted.getParametersMap());
    return Output.named(wanted.getName());
  }

  private static void requireSupported(Map<String, InferParameter> parameters) {
    parameters.keySet().forEach(Parameters::requireSupported);
  }

  private static long micros(InferParameter timeout) {
    if (timeout == null) {
      return 0;
    }
    return switch (timeout.getParameterChoiceCase()) {
      case INT64_PARAM -> timeout.getInt64Param();
      case UINT64_PARAM -> timeout.getUint64Param() < 0 ? Long.MAX_VALUE : timeout.getUint64Param();
      default ->
          throw Failure.INVALID_REQUEST.because(
              "the parameter timeout must be a whole number of microseconds: "
                  + timeout.getParameterChoiceCase()
                  + " came");
    };
  }

  /** How long its answer is worth something, in milliseconds; {@code most} at most. */
  long timeoutMillis(long most) {
    return Parameters.timeoutMillis(timeoutMicros, most);
  }
}
