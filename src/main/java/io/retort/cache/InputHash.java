package io.retort.cache;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import io.retort.bus.BodyKey;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * The 128-bit xxh3 hashes of inputs and bodies; one thread at a time. The seed is another in every
 * process, so that nobody can prepare two inputs of one hash.
 */
final class InputHash {
  private static final int KEPT_BYTES = 1 << 16;
  private static final Hasher128 XXH3 = Hashing.xxh3_128(new SplittableRandom().nextLong());
  private byte[] bytes = new byte[4096];

  /** Of rows of float32. */
  Input of(int rows, float[] features) {
    int length = 4 * features.length;
    byte[] into = room(length);
    ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(features);
    HashValue128 hash = XXH3.hashBytesTo128Bits(into, 0, length);
    return new Input(
        hash.getMostSignificantBits(), hash.getLeastSignificantBits(), rows, features.length);
  }

  BodyKey of(Buffer body) {
    int length = body.length();
    byte[] into = room(length);
    body.getBytes(into);
    HashValue128 hash = XXH3.hashBytesTo128Bits(into, 0, length);
    return new BodyKey(hash.getMostSignificantBits(), hash.getLeastSignificantBits(), length);
  }

  private byte[] room(int length) {
    byte[] into = length <= bytes.length ? bytes : new byte[length];
    if (length <= KEPT_BYTES) {
      bytes = into;
    }
    return into;
  }
}
