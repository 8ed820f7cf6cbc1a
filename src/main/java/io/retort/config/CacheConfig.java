package io.retort.config;

import io.retort.json.Fields;
import java.util.Map;

/**
 * Settings of the cache verticle.
 *
 * @param maxEntries the least recently used ones make room
 * @param ttlSeconds age at which an answer is forgotten
 */
public record CacheConfig(int maxEntries, int ttlSeconds) {

  /** Reads the settings; what is missing takes its default. */
  public static CacheConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("cache", values);
    Limits limits = new Limits(fields);
    CacheConfig config =
        new CacheConfig(
            limits.integer("maxEntries", 200, 0, 100_000_000),
            limits.integer("ttlSeconds", 3600, 1, 1_000_000_000));
    fields.end();
    return config;
  }
}
