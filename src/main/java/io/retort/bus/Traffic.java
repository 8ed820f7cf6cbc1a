package io.retort.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Which version of a model answers whom.
 *
 * @param percent of the requests that name no version, by version; the sum is 100
 * @param labels versions by a word that a request may name instead
 * @param shadow the version whose answers are only compared with those that are given; null for
 *     none
 * @param loaded every version that is warm, so that a request may name it
 */
public record Traffic(
    Map<String, Integer> percent, Map<String, String> labels, String shadow, List<String> loaded) {
  private static final int WHOLE = 100;

  public Traffic {
    percent = Collections.unmodifiableMap(new LinkedHashMap<>(percent));
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    loaded = List.copyOf(loaded);
  }

  /** All requests go to one version, the only one that is loaded. */
  public static Traffic all(String version) {
    return new Traffic(Map.of(version, WHOLE), Map.of(), null, List.of(version));
  }

  /**
   * The version for a request.
   *
   * @param named a version or a label, or null
   * @param affinity requests of the same affinity get the same version as long as the shares stay
   *     as they are; null for chance
   * @return null if {@code named} is neither a version that is loaded nor a label
   */
  public String version(String named, String affinity) {
    if (named != null) {
      String version = labels.getOrDefault(named, named);
      return loaded.contains(version) ? version : null;
    }
    if (percent.size() == 1) {
      return percent.keySet().iterator().next();
    }
    int place =
        affinity == null ? ThreadLocalRandom.current().nextInt(WHOLE) : spread(affinity.hashCode());
    for (Map.Entry<String, Integer> share : percent.entrySet()) {
      place -= share.getValue();
      if (place < 0) {
        return share.getKey();
      }
    }
    return null;
  }

  /** Neighbouring hashes (user-1, user-2) must not be neighbours in [0, 100): murmur3's mixing. */
  private static int spread(int hash) {
    hash ^= hash >>> 16;
    hash *= 0x85ebca6b;
    hash ^= hash >>> 13;
    hash *= 0xc2b2ae35;
    hash ^= hash >>> 16;
    return Math.floorMod(hash, WHOLE);
  }

  JsonObject toJson() {
    JsonObject shares = new JsonObject();
    percent.forEach(shares::put);
    JsonObject words = new JsonObject();
    labels.forEach(words::put);
    return new JsonObject()
        .put("percent", shares)
        .put("labels", words)
        .put("shadow", shadow)
        .put("loaded", new JsonArray(loaded));
  }

  static Traffic of(JsonObject json) {
    Map<String, Integer> percent = new LinkedHashMap<>();
    JsonObject shares = json.getJsonObject("percent");
    shares.fieldNames().forEach(version -> percent.put(version, shares.getInteger(version)));
    Map<String, String> labels = new LinkedHashMap<>();
    JsonObject words = json.getJsonObject("labels");
    words.fieldNames().forEach(word -> labels.put(word, words.getString(word)));
    return new Traffic(
        percent,
        labels,
        json.getString("shadow"),
        json.getJsonArray("loaded").stream().map(String.class::cast).toList());
  }
}
