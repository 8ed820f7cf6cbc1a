package io.retort.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Values bound by number, by bytes and by age: each weighs its bytes, but no less than its share of
 * all bytes. For one thread.
 */
final class Store<K, V> {
  private final Cache<K, V> values;
  private final ToIntFunction<V> weight;
  private final Tally.Held held;

  /**
   * Empty.
   *
   * @param weight bytes of a value with its key
   * @param held is told what comes and goes
   */
  Store(int maxEntries, long maxBytes, int ttlSeconds, ToIntFunction<V> weight, Tally.Held held) {
    this.weight = weight;
    this.held = held;
    int share = maxEntries == 0 ? 1 : (int) Math.ceil((double) maxBytes / maxEntries);
    values =
        Caffeine.newBuilder()
            .maximumWeight((long) share * maxEntries)
            .weigher((K key, V value) -> Math.max(share, weight.applyAsInt(value)))
            .expireAfterWrite(Duration.ofSeconds(ttlSeconds))
            .removalListener(
                (K key, V value, RemovalCause cause) ->
                    held.left(weight.applyAsInt(value), cause.wasEvicted()))
            .executor(Runnable::run)
            .build();
  }

  /** Null where there is none. */
  V get(K key) {
    return values.getIfPresent(key);
  }

  void put(K key, V value) {
    held.came(weight.applyAsInt(value));
    values.put(key, value);
  }

  void forget(Predicate<K> keys) {
    values.asMap().keySet().removeIf(keys);
  }

  /** Forgets at once what is too old, which otherwise goes when something new comes. */
  void cleanUp() {
    values.cleanUp();
  }
}
