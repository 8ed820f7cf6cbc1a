package io.retort.bus;

import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.spi.VertxTracerFactory;
import io.vertx.core.spi.context.storage.ContextLocal;
import io.vertx.core.spi.tracing.SpanKind;
import io.vertx.core.spi.tracing.TagExtractor;
import io.vertx.core.spi.tracing.VertxTracer;
import io.vertx.core.tracing.TracingOptions;
import io.vertx.core.tracing.TracingPolicy;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Takes the {@link Trace} out of what comes in over HTTP or the bus, and puts it into what goes out
 * from there, where Vert.x's options enable tracing. Vert.x finds it as a service.
 */
public final class TracePropagation implements VertxTracerFactory {
  /** Vert.x makes an object of this class before any context: later would be too late. */
  static final ContextLocal<Trace> LOCAL = ContextLocal.registerLocal(Trace.class);

  private static final CharSequence PARENT = HttpHeaders.createOptimized("traceparent");
  private static final CharSequence STATE = HttpHeaders.createOptimized("tracestate");

  @Override
  public VertxTracer<Trace, Trace> tracer(TracingOptions options) {
    return new Tracer();
  }

  private static final class Tracer implements VertxTracer<Trace, Trace> {

    @Override
    public <R> Trace receiveRequest(
        Context context,
        SpanKind kind,
        TracingPolicy policy,
        R request,
        String operation,
        Iterable<Map.Entry<String, String>> headers,
        TagExtractor<R> tags) {
      if (!(headers instanceof MultiMap all) || all.isEmpty()) {
        return null;
      }
      String parent = all.get(PARENT);
      Trace trace = parent == null ? null : Trace.read(parent, all.getAll(STATE));
      if (trace != null) {
        LOCAL.put(context, trace);
      }
      return trace;
    }

    @Override
    public <R> Trace sendRequest(
        Context context,
        SpanKind kind,
        TracingPolicy policy,
        R request,
        String operation,
        BiConsumer<String, String> headers,
        TagExtractor<R> tags) {
      Trace trace = Trace.of(context);
      if (trace != null) {
        headers.accept(PARENT.toString(), trace.parent());
        if (trace.state() != null) {
          headers.accept(STATE.toString(), trace.state());
        }
      }
      return trace;
    }
  }
}
