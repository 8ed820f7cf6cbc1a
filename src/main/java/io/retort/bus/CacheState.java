package io.retort.bus;

import io.vertx.core.json.JsonObject;

/** What the cache holds and how often it was asked since it started. */
public record CacheState(long entries, long maxEntries, long hits, long misses) {
  static final Format<CacheState> FORMAT =
      new JsonFormat<>(CacheState.class, 1, CacheState::toJson, CacheState::of);

  private JsonObject toJson() {
    return new JsonObject()
        .put("entries", entries)
        .put("maxEntries", maxEntries)
        .put("hits", hits)
        .put("misses", misses);
  }

  private static CacheState of(JsonObject json) {
    return new CacheState(
        json.getLong("entries"),
        json.getLong("maxEntries"),
        json.getLong("hits"),
        json.getLong("misses"));
  }
}
