package io.retort.config;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The parts of {@code verticles.json} whose settings are ours, by name: each has one record. They
 * stop in this order: who asks before who is asked.
 */
enum Part {
  VERTX("vertx", null, VertxConfig.class, VertxConfig::of),
  SECURITY("security", null, SecurityConfig.class, SecurityConfig::of),
  GRPC("grpc", "io.retort.grpc.GrpcVerticle", GrpcConfig.class, GrpcConfig::of),
  HTTP("http", "io.retort.http.HttpVerticle", HttpConfig.class, HttpConfig::of),
  CACHE("cache", "io.retort.cache.CacheVerticle", CacheConfig.class, CacheConfig::of),
  INFERENCE(
      "inference",
      "io.retort.inference.InferenceVerticle",
      InferenceConfig.class,
      InferenceConfig::of),
  TRAINING(
      "training", "io.retort.training.TrainingVerticle", TrainingConfig.class, TrainingConfig::of);

  final String word;
  final String verticle;
  private final Class<? extends Record> record;
  private final Function<Map<String, Object>, ? extends Record> reader;

  Part(
      String word,
      String verticle,
      Class<? extends Record> record,
      Function<Map<String, Object>, ? extends Record> reader) {
    this.word = word;
    this.verticle = verticle;
    this.record = record;
    this.reader = reader;
  }

  /** The part that a verticle class of ours belongs to, or null for a stranger's. */
  static Part of(String verticle) {
    return Arrays.stream(values())
        .filter(part -> verticle.equals(part.verticle))
        .findFirst()
        .orElse(null);
  }

  /** Every key with its type. */
  Map<String, Class<?>> keys() {
    Map<String, Class<?>> keys = new LinkedHashMap<>();
    for (RecordComponent component : record.getRecordComponents()) {
      keys.put(component.getName(), component.getType());
    }
    return keys;
  }

  /** Reads the settings as the verticle will, for the sake of the errors. */
  Record check(Map<String, Object> values) {
    return reader.apply(values);
  }
}
