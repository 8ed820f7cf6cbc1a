package io.retort.grpc;

import com.google.protobuf.MessageLite;
import io.retort.bus.Asker;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.security.Guard;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.grpc.common.GrpcMessage;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One call: its one message, its answer, and whether its client still waits. */
final class Call implements Asker {
  private static final Logger LOG = LoggerFactory.getLogger(Call.class);
  private static final String TIMEOUT = "grpc-timeout";
  private static final String AFFINITY = "x-retort-affinity";
  private static final String PUSHBACK = "grpc-retry-pushback-ms";
  private static final String CONTENT_HASH = "x-retort-content-sha256";

  /** The status travels in headers, of which a client takes a few kilobytes. */
  private static final int MAX_SENTENCE = 1000;

  private final GrpcServerRequest<Buffer, Buffer> request;
  private final int maxMessageBytes;
  private final Guard guard;
  private final CallMeters meters;
  private final long began = System.nanoTime();
  private final Promise<byte[]> message = Promise.promise();
  private GrpcMessage first;
  private volatile boolean over;

  Call(
      GrpcServerRequest<Buffer, Buffer> request,
      int maxMessageBytes,
      Guard guard,
      CallMeters meters) {
    this.request = request;
    this.maxMessageBytes = maxMessageBytes;
    this.guard = guard;
    this.meters = meters;
    request.errorHandler(reset -> ends(GrpcStatus.CANCELLED));
    request.exceptionHandler(closed -> ends(GrpcStatus.CANCELLED));
    request.response().exceptionHandler(closed -> ends(GrpcStatus.CANCELLED));
    request.invalidMessageHandler(
        tooLong ->
            refuse(
                Failure.BODY_TOO_LARGE,
                "a message may have " + maxMessageBytes + " bytes: more came"));
  }

  /** The bytes of its message; fails with a {@link FailureException} unless exactly one comes. */
  Future<byte[]> read() {
    request.messageHandler(
        next -> {
          if (first != null) {
            refuse(Failure.INVALID_REQUEST, "a call must have one message: more came");
          }
          first = next;
        });
    request.endHandler(
        end -> {
          if (first == null) {
            refuse(Failure.INVALID_REQUEST, "a call must have one message: none came");
          } else if (!message.future().isComplete()) {
            unpack();
          }
        });
    return message.future();
  }

  private void refuse(Failure failure, String sentence) {
    message.tryFail(failure.because(sentence));
  }

  /** What is signed is the message as it comes. */
  private void unpack() {
    if (guard.signs() && !guard.fits(request.headers().get(CONTENT_HASH), first.payload())) {
      refuse(
          Failure.INVALID_SIGNATURE,
          "the message does not have the hash of " + CONTENT_HASH + ", which was signed");
      return;
    }
    byte[] bytes = first.payload().getBytes();
    switch (first.encoding()) {
      case "identity" -> message.complete(bytes);
      case "gzip" -> unzip(bytes);
      default ->
          refuse(
              Failure.UNSUPPORTED,
              "the message must be packed by gzip or not at all: " + first.encoding() + " came");
    }
  }

  private void unzip(byte[] packed) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      byte[] bytes = in.readNBytes(maxMessageBytes + 1);
      if (bytes.length > maxMessageBytes) {
        refuse(
            Failure.BODY_TOO_LARGE,
            "a message may have " + maxMessageBytes + " bytes: more came out of gzip");
      } else {
        message.complete(bytes);
      }
    } catch (IOException e) {
      refuse(Failure.INVALID_REQUEST, "the message cannot be unpacked: " + e.getMessage());
    }
  }

  /** Milliseconds that the client waits, or {@code most} where it does not say or waits longer. */
  long timeoutMillis(long most) {
    return request.headers().contains(TIMEOUT)
        ? Math.max(1, Math.min(most, request.timeout()))
        : most;
  }

  /** What the client asks to be kept together by, or null. */
  String affinity() {
    return request.headers().get(AFFINITY);
  }

  @Override
  public boolean gone() {
    return over;
  }

  /** Whether it ends by this: the first to say so has the word. */
  private boolean ends(GrpcStatus status) {
    if (over) {
      return false;
    }
    over = true;
    meters.ended(request.fullMethodName(), status, System.nanoTime() - began);
    return true;
  }

  /** Answers, or says why not. */
  void end(MessageLite answer, Throwable failure) {
    if (failure != null) {
      fail(failure);
    } else if (ends(GrpcStatus.OK)) {
      request
          .response()
          .endMessage(GrpcMessage.message("identity", Buffer.buffer(answer.toByteArray())));
    }
  }

  /** Tells the reason if it is meant for the asker; anything else is only logged. */
  void fail(Throwable failure) {
    if (failure instanceof FailureException known) {
      int seconds = known.failure() == Failure.QUEUE_FULL ? 1 : known.retrySeconds();
      fail(known.failure(), known.getMessage(), seconds);
    } else {
      LOG.error("{} failed", request.fullMethodName(), failure);
      fail(Failure.INTERNAL, "something went wrong inside; the log of the server says what", 0);
    }
  }

  private void fail(Failure failure, String sentence, int retrySeconds) {
    GrpcStatus status = status(failure);
    if (!ends(status)) {
      return;
    }
    if (retrySeconds > 0) {
      request.response().trailers().set(PUSHBACK, retrySeconds + "000");
    }
    request
        .response()
        .status(status)
        .statusMessage(
            sentence.length() <= MAX_SENTENCE ? sentence : sentence.substring(0, MAX_SENTENCE))
        .end();
  }

  /** By the failure's HTTP status, so that both surfaces say the same. */
  static GrpcStatus status(Failure failure) {
    return switch (failure.status()) {
      case 401 -> GrpcStatus.UNAUTHENTICATED;
      case 403 -> GrpcStatus.PERMISSION_DENIED;
      case 404 -> GrpcStatus.NOT_FOUND;
      case 405, 501 -> GrpcStatus.UNIMPLEMENTED;
      case 408, 504 -> GrpcStatus.DEADLINE_EXCEEDED;
      case 409 -> GrpcStatus.FAILED_PRECONDITION;
      case 413, 429, 431 -> GrpcStatus.RESOURCE_EXHAUSTED;
      case 499 -> GrpcStatus.CANCELLED;
      case 503 -> GrpcStatus.UNAVAILABLE;
      default -> failure.status() < 500 ? GrpcStatus.INVALID_ARGUMENT : GrpcStatus.INTERNAL;
    };
  }
}
