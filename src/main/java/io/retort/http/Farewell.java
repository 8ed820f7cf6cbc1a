package io.retort.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.Http1xServerConnection;
import io.vertx.core.http.impl.VertxHttpObject;
import io.vertx.core.net.impl.ShutdownEvent;
import java.util.concurrent.TimeUnit;

/**
 * Ends one HTTP/1 connection without losing a request when its server shuts down. Vert.x by itself
 * cuts it where no answer is under way, though the next request may be on its way already. Here the
 * next answer says {@code connection: close}, so that the client leaves; only a client that stays
 * without asking is cut off.
 */
final class Farewell extends ChannelDuplexHandler {
  private final int lingerMillis;
  private int unanswered;
  private int requests;
  private boolean leaving;

  private Farewell(int lingerMillis) {
    this.lingerMillis = lingerMillis;
  }

  /**
   * Watches over a new connection; HTTP/2 has a farewell of its own.
   *
   * @param lingerMillis how long a client may be silent once the server shuts down
   */
  static void prepare(HttpConnection connection, int lingerMillis) {
    if (connection instanceof Http1xServerConnection http1) {
      ChannelHandlerContext server = http1.channelHandlerContext();
      server.pipeline().addBefore(server.name(), null, new Farewell(lingerMillis));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof HttpRequest) {
      requests++;
      unanswered++;
    }
    context.fireChannelRead(message);
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (message instanceof VertxHttpObject part) {
      if (leaving && unanswered == 1 && message instanceof HttpResponse response) {
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      }
      if (part.isEnded()) {
        unanswered--;
        linger(context);
      }
    }
    context.write(message, promise);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    boolean http = context.pipeline().get(HttpRequestDecoder.class) != null;
    if (http && event instanceof ShutdownEvent shutdown && shutdown.timeout() > 0) {
      leaving = true;
      linger(context);
    } else {
      context.fireUserEventTriggered(event);
    }
  }

  private void linger(ChannelHandlerContext context) {
    if (leaving && unanswered == 0) {
      int answered = requests;
      context
          .executor()
          .schedule(() -> closeAfter(answered, context), lingerMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void closeAfter(int answered, ChannelHandlerContext context) {
    if (requests == answered) {
      context.close();
    }
  }
}
