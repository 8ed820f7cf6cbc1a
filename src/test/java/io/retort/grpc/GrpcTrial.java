package io.retort.grpc;

import static io.retort.TrialNode.await;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferRequest.InferInputTensor;
import inference.OpenInferenceGrpc.ModelInferResponse;
import io.retort.TrialNode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import java.util.Map;
import java.util.function.Supplier;

/** A client of a trial node over real sockets, for tests. */
final class GrpcTrial implements AutoCloseable {
  /** How a call ended. */
  record Ended(GrpcStatus status, String sentence, Buffer answer, Map<String, String> trailers) {
    <R extends MessageLite> R as(Parser<R> parser) {
      if (status != GrpcStatus.OK) {
        throw new AssertionError(status + ": " + sentence);
      }
      try {
        return parser.parseFrom(answer.getBytes());
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static final ServiceName SERVICE =
      ServiceName.create("inference", "GRPCInferenceService");

  private final TrialNode node;
  private final GrpcClient grpc;
  private final HttpClient http;

  GrpcTrial(TrialNode node) {
    this.node = node;
    grpc = GrpcClient.client(node.vertx());
    http =
        node.vertx()
            .createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false));
  }

  int port() {
    return (Integer) node.vertx().sharedData().getLocalMap("retort.grpc").get("port");
  }

  Ended call(String method, MessageLite question) {
    return await(begin(method, question));
  }

  ModelInferResponse infer(ModelInferRequest.Builder question) {
    return call("ModelInfer", question.build()).as(ModelInferResponse.parser());
  }

  Future<Ended> begin(String method, MessageLite question) {
    return onEventLoop(
        node.vertx(), () -> open(method).compose(request -> send(request, question)));
  }

  /** An answer may come before a thread of another kind has said who reads it. */
  static <T> Future<T> onEventLoop(Vertx vertx, Supplier<Future<T>> work) {
    Promise<T> done = Promise.promise();
    vertx.runOnContext(now -> work.get().onComplete(done));
    return done.future();
  }

  Future<GrpcClientRequest<Buffer, Buffer>> open(String method) {
    return grpc.request(
        SocketAddress.inetSocketAddress(port(), "127.0.0.1"),
        ServiceMethod.client(
            SERVICE, method, GrpcMessageEncoder.IDENTITY, GrpcMessageDecoder.IDENTITY));
  }

  static Future<Ended> send(GrpcClientRequest<Buffer, Buffer> request, MessageLite question) {
    return request
        .send(Buffer.buffer(question.toByteArray()))
        .compose(
            response ->
                response
                    .last()
                    .otherwise((Buffer) null)
                    .map(
                        answer ->
                            new Ended(
                                response.status(), response.statusMessage(), answer, Map.of())));
  }

  /** Posts these bytes as they are, and tells the status that came, in the headers or trailers. */
  Ended post(String method, Map<String, String> headers, Buffer body) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setHost("127.0.0.1")
            .setPort(port())
            .setURI("/inference.GRPCInferenceService/" + method)
            .putHeader("content-type", "application/grpc");
    headers.forEach(options::putHeader);
    return await(onEventLoop(node.vertx(), () -> post(options, body)));
  }

  private Future<Ended> post(RequestOptions options, Buffer body) {
    return http.request(options)
        .compose(request -> request.send(body))
        .compose(
            response ->
                response
                    .body()
                    .map(
                        answer -> {
                          var ends =
                              response.headers().contains("grpc-status")
                                  ? response.headers()
                                  : response.trailers();
                          return new Ended(
                              GrpcStatus.valueOf(Integer.parseInt(ends.get("grpc-status"))),
                              ends.get("grpc-message"),
                              answer,
                              ends.contains("grpc-retry-pushback-ms")
                                  ? Map.of("pushback", ends.get("grpc-retry-pushback-ms"))
                                  : Map.of());
                        }));
  }

  /** A message with the five bytes that gRPC puts before it. */
  static Buffer framed(int flag, byte[] message) {
    return Buffer.buffer().appendByte((byte) flag).appendInt(message.length).appendBytes(message);
  }

  /** One row of FP32 in the message. */
  static ModelInferRequest.Builder typed(float... features) {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (float value : features) {
      contents.addFp32Contents(value);
    }
    return ModelInferRequest.newBuilder()
        .setModelName("student")
        .addInputs(input("FP32", 1, features.length).setContents(contents));
  }

  static InferInputTensor.Builder input(String datatype, long... shape) {
    InferInputTensor.Builder input =
        InferInputTensor.newBuilder().setName("features").setDatatype(datatype);
    for (long size : shape) {
      input.addShape(size);
    }
    return input;
  }

  @Override
  public void close() {
    await(grpc.close());
    await(http.close());
    node.close();
  }
}
