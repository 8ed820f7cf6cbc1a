package io.retort.http;

import io.retort.bus.Failure;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

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

  Body(Vertx vertx, int limit) {
    this.vertx = vertx;
    this.limit = limit;
  }

  /** Gives the whole body to {@code then}, or answers with the reason why not. */
  void read(HttpServerRequest request, Handler<Buffer> then) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && !isJson(type)) {
      refuse(
          request,
          Failure.UNSUPPORTED_MEDIA_TYPE,
          "the content type must be application/json: " + type);
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

  private static boolean isJson(String type) {
    int end = type.indexOf(';');
    String essence = (end < 0 ? type : type.substring(0, end)).strip();
    return essence.equalsIgnoreCase("application/json") || essence.toLowerCase().endsWith("+json");
  }

  private boolean over(String announced) {
    return announced.length() > 18 || Long.parseLong(announced) > limit;
  }

  private String tooLarge(String came) {
    return "a body may have " + limit + " bytes: " + came + " came";
  }

  /** Answers, then lets go of the connection, whatever the client still has to say. */
  private void refuse(HttpServerRequest request, Failure failure, String sentence) {
    request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    Answers.failure(request, failure, sentence);
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
  private final class Collector implements Handler<Buffer> {
    private final HttpServerRequest request;
    private Buffer body;
    private boolean own;

    Collector(HttpServerRequest request, Handler<Buffer> then) {
      this.request = request;
      request.exceptionHandler(gone -> body = null);
      request.handler(this);
      request.endHandler(complete -> then.handle(body == null ? Buffer.buffer() : body));
    }

    @Override
    public void handle(Buffer piece) {
      if (body == null) {
        body = piece;
        return;
      }
      if (body.length() + piece.length() > limit) {
        body = null;
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
