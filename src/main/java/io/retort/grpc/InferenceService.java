package io.retort.grpc;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import inference.OpenInferenceGrpc.ModelInferRequest;
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
import io.retort.bus.Bus;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictRequest;
import io.retort.bus.Predictions;
import io.retort.config.GrpcConfig;
import io.retort.oip.ModelDirectory;
import io.retort.oip.ModelMetadata;
import io.retort.oip.ServerMetadata;
import io.retort.oip.TensorMetadata;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;

/** {@code GRPCInferenceService}: what the server is, what its models are, and their answers. */
final class InferenceService {
  private static final String NAME = "inference.GRPCInferenceService/";
  private static final Set<Failure> NOT_NOW =
      Set.of(Failure.NOT_READY, Failure.UNKNOWN_MODEL, Failure.UNKNOWN_VERSION);

  private final ModelDirectory models;
  private final Predictions predictions;
  private final GrpcConfig config;
  private final BooleanSupplier stopping;
  private final Map<String, Method<?>> methods = new HashMap<>();

  InferenceService(Bus bus, GrpcConfig config, BooleanSupplier stopping) {
    this.models = new ModelDirectory(bus);
    this.predictions = new Predictions(bus);
    this.config = config;
    this.stopping = stopping;
    add("ServerLive", ServerLiveRequest.parser(), this::serverLive);
    add("ServerReady", ServerReadyRequest.parser(), this::serverReady);
    add("ServerMetadata", ServerMetadataRequest.parser(), this::serverMetadata);
    add("ModelReady", ModelReadyRequest.parser(), this::modelReady);
    add("ModelMetadata", ModelMetadataRequest.parser(), this::modelMetadata);
    add("ModelInfer", ModelInferRequest.parser(), this::modelInfer);
  }

  private <Q extends MessageLite> void add(
      String name, Parser<Q> parser, BiFunction<Call, Q, Future<? extends MessageLite>> answer) {
    methods.put(NAME + name, new Method<>(parser, answer));
  }

  /** By full name. */
  Map<String, Method<?>> methods() {
    return methods;
  }

  private Future<ServerLiveResponse> serverLive(Call call, ServerLiveRequest question) {
    return Future.succeededFuture(ServerLiveResponse.newBuilder().setLive(true).build());
  }

  private Future<ServerReadyResponse> serverReady(Call call, ServerReadyRequest question) {
    return (stopping.getAsBoolean() ? Future.succeededFuture(false) : models.ready())
        .map(ready -> ServerReadyResponse.newBuilder().setReady(ready).build());
  }

  /** No extension: those that the server has are REST's. */
  private Future<ServerMetadataResponse> serverMetadata(Call call, ServerMetadataRequest question) {
    ServerMetadata ours = ServerMetadata.ours();
    return Future.succeededFuture(
        ServerMetadataResponse.newBuilder()
            .setName(ours.name())
            .setVersion(ours.version())
            .build());
  }

  private Future<ModelReadyResponse> modelReady(Call call, ModelReadyRequest question) {
    return models
        .live(question.getName(), text(question.getVersion()))
        .map(live -> !stopping.getAsBoolean())
        .recover(
            failure ->
                failure instanceof FailureException known && NOT_NOW.contains(known.failure())
                    ? Future.succeededFuture(false)
                    : Future.failedFuture(failure))
        .map(ready -> ModelReadyResponse.newBuilder().setReady(ready).build());
  }

  private Future<ModelMetadataResponse> modelMetadata(Call call, ModelMetadataRequest question) {
    return models
        .live(question.getName(), text(question.getVersion()))
        .map(ModelMetadata::of)
        .map(
            model ->
                ModelMetadataResponse.newBuilder()
                    .setName(model.name())
                    .addAllVersions(model.versions())
                    .setPlatform(model.platform())
                    .addAllInputs(tensors(model.inputs()))
                    .addAllOutputs(tensors(model.outputs()))
                    .build());
  }

  private static List<ModelMetadataResponse.TensorMetadata> tensors(List<TensorMetadata> tensors) {
    return tensors.stream()
        .map(
            tensor ->
                ModelMetadataResponse.TensorMetadata.newBuilder()
                    .setName(tensor.name())
                    .setDatatype(tensor.datatype())
                    .addAllShape(tensor.shape().stream().map(Integer::longValue).toList())
                    .build())
        .toList();
  }

  private Future<ModelInferResponse> modelInfer(Call call, ModelInferRequest message) {
    InferQuestion question = InferQuestion.of(message, config.maxRows());
    PredictRequest request =
        new PredictRequest(
            text(message.getModelName()),
            text(message.getModelVersion()),
            question.input().rows(),
            question.features(),
            call.timeoutMillis(question.timeoutMillis(config.requestTimeoutMillis())),
            call.affinity(),
            call);
    return predictions
        .ask(request)
        .map(reply -> InferAnswer.of(message, question, reply))
        .recover(failure -> Future.failedFuture(question.input().explain(failure)));
  }

  /** A text that is not given is empty on the wire. */
  private static String text(String value) {
    return value.isEmpty() ? null : value;
  }
}
