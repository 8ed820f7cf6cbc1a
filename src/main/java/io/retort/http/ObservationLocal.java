package io.retort.http;

import io.vertx.core.internal.VertxBootstrap;
import io.vertx.core.spi.VertxServiceProvider;
import io.vertx.core.spi.context.storage.ContextLocal;

/**
 * Where the context of a request keeps its {@link Observation}. Vert.x makes an object of this
 * class before any context: later would be too late.
 */
public final class ObservationLocal implements VertxServiceProvider {
  static final ContextLocal<Observation> LOCAL = ContextLocal.registerLocal(Observation.class);

  @Override
  public void init(VertxBootstrap bootstrap) {}
}
