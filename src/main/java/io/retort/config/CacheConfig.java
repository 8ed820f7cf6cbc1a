package io.retort.config;

import io.retort.json.Fields;
import java.util.Map;

/**
 * Settings of the cache verticle.
 *
 * @param maxEntries answers; the least used ones make room
 * @param maxBytes that answers and the keys of bodies may take together
 * @param ttlSeconds age at which an answer is forgotten
 * @param bodyEntries raw bodies that are known again without being parsed; 0 for none
 */
public record CacheConfig(int maxEntries, int maxBytes, int ttlSeconds, int bodyEntries) {

  /** Reads the settings; what is missing takes its default. */
  public static CacheConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("cache", values);
    Limits limits = new Limits(fields);
    CacheConfig config =
        new CacheConfig(
            limits.integer("maxEntries", 200, 0, 100_000_000),
            limits.integer("maxBytes", 16 << 20, 0, Integer.MAX_VALUE),
            limits.integer("ttlSeconds", 3600, 1, 1_000_000_000),
            limits.integer("bodyEntries", 200, 0, 100_000_000));
    fields.end();
    return config;
  }
}
