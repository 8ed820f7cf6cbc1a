package io.retort.grpc;

import com.google.protobuf.MessageLite;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.security.Access;
import io.retort.security.Guard;
import io.retort.security.HttpVisit;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.WireFormat;
import io.vertx.grpc.server.GrpcProtocol;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerOptions;
import io.vertx.grpc.server.GrpcServerRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Leads every call that may to its method. */
final class Calls implements Handler<HttpServerRequest> {
  private static final String ENCODING = "grpc-encoding";
  private static final int MEMORY_PER_BYTE = 4;
  private final Map<String, Method<?>> methods;
  private final int maxMessageBytes;
  private final Guard guard;
  private final CallMeters meters;
  private final GrpcServer server;

  /**
   * Calls of these methods.
   *
   * @param methods by full name, {@code inference.GRPCInferenceService/ServerLive}
   */
  Calls(Vertx vertx, int maxMessageBytes, Guard guard, Map<String, Method<?>> methods) {
    this.methods = methods;
    this.maxMessageBytes = maxMessageBytes;
    this.guard = guard;
    meters = new CallMeters(vertx, methods.keySet());
    GrpcServerOptions options =
        new GrpcServerOptions()
            .setMaxMessageSize(maxMessageBytes)
            .removeEnabledProtocol(GrpcProtocol.WEB)
            .removeEnabledProtocol(GrpcProtocol.WEB_TEXT)
            .removeEnabledProtocol(GrpcProtocol.TRANSCODING);
    server = GrpcServer.server(vertx, options).callHandler(this::accept);
  }

  @Override
  public void handle(HttpServerRequest request) {
    if (request.method() != HttpMethod.POST) {
      request.response().setStatusCode(405).putHeader("allow", "POST").end();
      return;
    }
    if (guard.watches() && !admits(request)) {
      return;
    }
    if (!request.headers().contains(ENCODING)) {
      // A message that says it is compressed where the call names no encoding would be left without
      // an answer.
      request.headers().set(ENCODING, "identity");
    }
    server.handle(request);
  }

  /** Whether the caller may; the message of one who may not is dropped as it comes. */
  private boolean admits(HttpServerRequest request) {
    try {
      guard.admit(new HttpVisit(request, true), Access.of(request.method().name(), request.path()));
      return true;
    } catch (FailureException refusal) {
      GrpcStatus status = Call.status(refusal.failure());
      meters.ended(request.path().substring(1), status, 0);
      request
          .response()
          .putHeader("content-type", "application/grpc")
          .putHeader("grpc-status", status.toString())
          .putHeader("grpc-message", percentEncoded(refusal.getMessage()))
          .end();
      return false;
    }
  }

  private static String percentEncoded(String sentence) {
    return URLEncoder.encode(sentence, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private void accept(GrpcServerRequest<Buffer, Buffer> request) {
    Call call = new Call(request, maxMessageBytes, guard, meters);
    Method<?> method = methods.get(request.fullMethodName());
    if (method == null) {
      call.fail(
          Failure.UNSUPPORTED.because("there is no method " + request.fullMethodName() + " here"));
    } else if (request.format() != WireFormat.PROTOBUF) {
      call.fail(Failure.UNSUPPORTED.because("messages must be protobuf: JSON came"));
    } else {
      call.read().compose(bytes -> answer(method, call, bytes)).onComplete(call::end);
    }
  }

  private Future<MessageLite> answer(Method<?> method, Call call, byte[] bytes) {
    MessageCost.require(bytes, (long) MEMORY_PER_BYTE * maxMessageBytes);
    return method.answer(call, bytes).map(MessageLite.class::cast);
  }
}
