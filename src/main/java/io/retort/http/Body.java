package io.retort.http;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Locale;

/**
 * Collects JSON bodies within a limit; a body over it is refused at once and not read to its end.
 */
final class Body {
  /**
   * A client that reads only after it has written gets its answer if no more than this is still to
   * come.
   */
  private static final int DISCARDED_BYTES = 1 << 20;

  private static final long LINGER_MILLIS = 1000;
  private final Vertx vertx;
  private final int limit;
  private final Door door;
  private final SlowBodies slow;

  /** Bodies of {@code limit} bytes at most, which come within {@code seconds}. */
  Body(Vertx vertx, int limit, int seconds, Door door) {
    this.vertx = vertx;
    this.limit = limit;
    this.door = door;
    this.slow = new SlowBodies(vertx, seconds);
  }

  /**
   * Gives the whole body, which must be JSON, to {@code then}, or answers with the reason why not.
   */
  void read(HttpServerRequest request, Handler<Buffer> then) {
    read(request, List.of(), then);
  }

  /** The same for a body that may also be of the types {@code others}, written in small letters. */
  void read(HttpServerRequest request, List<String> others, Handler<Buffer> then) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && !accepts(type, others)) {
      String either = String.join(" or ", others);
      refuse(
          request,
          Failure.UNSUPPORTED_MEDIA_TYPE,
          "the content type must be application/json%s%s: %s"
              .formatted(either.isEmpty() ? "" : " or ", either, type));
      return;
    }
    String announced = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    if (announced != null && over(announced)) {
      refuse(request, Failure.BODY_TOO_LARGE, tooLarge(announced));
      return;
    }
    if (request.getHeader(HttpHeaders.EXPECT) != null) {
      request.response().writeContinue();
    }
    new Collector(request, then);
  }

  private static boolean accepts(String type, List<String> others) {
    int end = type.indexOf(';');
    String essence = (end < 0 ? type : type.substring(0, end)).strip();
    return essence.equalsIgnoreCase("application/json")
        || others.contains(essence.toLowerCase(Locale.ROOT))
        || essence.toLowerCase(Locale.ROOT).endsWith("+json");
  }

  private boolean over(String announced) {
    return announced.length() > 18 || Long.parseLong(announced) > limit;
  }

  private String tooLarge(String came) {
    return "a body may have " + limit + " bytes: " + came + " came";
  }

  private void refuse(HttpServerRequest request, Failure failure, String sentence) {
    refuse(vertx, request, failure.because(sentence));
  }

  /** Answers, then lets go of the connection, whatever the client still has to say. */
  static void refuse(Vertx vertx, HttpServerRequest request, FailureException refusal) {
    request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    Answers.failure(request, refusal);
    long[] discarded = {0};
    request.handler(
        chunk -> {
          discarded[0] += chunk.length();
          if (discarded[0] > DISCARDED_BYTES) {
            request.pause();
          }
        });
    long timer = vertx.setTimer(LINGER_MILLIS, late -> request.connection().close());
    request.exceptionHandler(gone -> vertx.cancelTimer(timer));
    request.endHandler(
        complete -> {
          vertx.cancelTimer(timer);
          request.connection().close();
        });
  }

  /** Most bodies come in one piece, which is passed on as it is. */
  private final class Collector extends SlowBodies.Awaited implements Handler<Buffer> {
    private final HttpServerRequest request;
    private Buffer body;
    private boolean own;

    Collector(HttpServerRequest request, Handler<Buffer> then) {
      this.request = request;
      slow.await(this);
      request.exceptionHandler(
          gone -> {
            body = null;
            arrived();
          });
      request.handler(this);
      request.endHandler(
          complete -> {
            arrived();
            Buffer whole = body == null ? Buffer.buffer() : body;
            if (door.fits(request, whole)) {
              then.handle(whole);
            }
          });
    }

    @Override
    void late(int seconds) {
      body = null;
      refuse(
          request,
          Failure.REQUEST_TIMEOUT,
          "the body must come within " + seconds + " s of the headers");
    }

    @Override
    public void handle(Buffer piece) {
      if (body == null) {
        body = piece;
        return;
      }
      if (body.length() + piece.length() > limit) {
        body = null;
        arrived();
        refuse(request, Failure.BODY_TOO_LARGE, tooLarge("more"));
        return;
      }
      if (!own) {
        body = Buffer.buffer(2 * (body.length() + piece.length())).appendBuffer(body);
        own = true;
      }
      body.appendBuffer(piece);
    }
  }
}
