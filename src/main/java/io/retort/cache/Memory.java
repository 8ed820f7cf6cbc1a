package io.retort.cache;

import io.retort.bus.BodyKey;
import io.retort.bus.PredictReply;
import io.retort.bus.Recollection;
import io.retort.config.CacheConfig;
import java.util.function.Predicate;

/**
 * Answers by what they depend on, and what bodies ask by the hash of their bytes. Bodies take a
 * quarter of the bytes at most. For one thread.
 */
final class Memory {
  /** The objects of an answer but for its numbers. */
  private static final int ANSWER_BYTES = 400;

  /** A float32, and its decimals in the text. */
  private static final int NUMBER_BYTES = 21;

  private static final int BODY_BYTES = 200;
  private static final int NAME_BYTES = 56;
  private static final int BODIES = 4;

  private final Store<AnswerKey, Recollection> answers;
  private final Store<BodyKey, Reading> bodies;

  Memory(CacheConfig config, Tally tally) {
    long ofBodies = config.bodyEntries() == 0 ? 0 : config.maxBytes() / BODIES;
    answers =
        new Store<>(
            config.maxEntries(),
            config.maxBytes() - ofBodies,
            config.ttlSeconds(),
            known -> bytes(known.reply()),
            tally.answers);
    bodies =
        new Store<>(
            config.bodyEntries(), ofBodies, config.ttlSeconds(), Memory::bytes, tally.bodies);
  }

  private static int bytes(PredictReply reply) {
    return ANSWER_BYTES + NUMBER_BYTES * reply.predictions().length;
  }

  private static int bytes(Reading reading) {
    return BODY_BYTES + bytes(reading.model()) + bytes(reading.version());
  }

  private static int bytes(String name) {
    return name == null ? 0 : NAME_BYTES + 2 * name.length();
  }

  /** Null where there is none. */
  Recollection answer(AnswerKey key) {
    return answers.get(key);
  }

  void learn(AnswerKey key, PredictReply reply) {
    answers.put(key, Recollection.of(reply.cached()));
  }

  /** Null where it is not known. */
  Reading reading(BodyKey body) {
    return bodies.get(body);
  }

  void learn(BodyKey body, Reading reading) {
    bodies.put(body, reading);
  }

  void forget(Predicate<AnswerKey> keys) {
    answers.forget(keys);
  }

  void forgetAll() {
    answers.forget(key -> true);
    bodies.forget(key -> true);
  }

  void cleanUp() {
    answers.cleanUp();
    bodies.cleanUp();
  }
}
