package io.retort.cache;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The 128-bit xxh3 hash of rows of float32, their number included; one thread at a time. */
final class InputHash {
  private static final int KEPT_BYTES = 1 << 16;
  private static final Hasher128 XXH3 = Hashing.xxh3_128();
  private byte[] bytes = new byte[4096];

  HashValue128 of(int rows, float[] features) {
    int length = 4 + 4 * features.length;
    byte[] into = length <= bytes.length ? bytes : new byte[length];
    if (length <= KEPT_BYTES) {
      bytes = into;
    }
    ByteBuffer buffer = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).putInt(rows);
    buffer.asFloatBuffer().put(features);
    return XXH3.hashBytesTo128Bits(into, 0, length);
  }
}
