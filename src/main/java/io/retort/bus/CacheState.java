package io.retort.bus;

import io.vertx.core.json.JsonObject;

/**
 * What the cache holds and how often it was asked since it started.
 *
 * @param bytes that answers, their keys and the keys of bodies take
 * @param hits requests answered from memory
 * @param misses requests that the model was asked for, or that waited for an equal one
 * @param bodyHits those of the hits that were known by their raw body
 */
public record CacheState(
    long entries,
    long maxEntries,
    long bytes,
    long maxBytes,
    long hits,
    long misses,
    long bodyHits) {
  static final Format<CacheState> FORMAT =
      new JsonFormat<>(CacheState.class, 2, CacheState::toJson, CacheState::of);

  private JsonObject toJson() {
    return new JsonObject()
        .put("entries", entries)
        .put("maxEntries", maxEntries)
        .put("bytes", bytes)
        .put("maxBytes", maxBytes)
        .put("hits", hits)
        .put("misses", misses)
        .put("bodyHits", bodyHits);
  }

  private static CacheState of(JsonObject json) {
    return new CacheState(
        json.getLong("entries"),
        json.getLong("maxEntries"),
        json.getLong("bytes"),
        json.getLong("maxBytes"),
        json.getLong("hits"),
        json.getLong("misses"),
        json.getLong("bodyHits"));
  }
}
