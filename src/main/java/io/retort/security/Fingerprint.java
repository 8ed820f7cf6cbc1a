package io.retort.security;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The SHA-256 of a key, which is kept in the key's place. A plain fast hash is enough, since a key
 * is 256 random bits that nobody can try through; a slow hash is for what people think up. Two are
 * compared in the same time wherever they differ.
 */
record Fingerprint(long a, long b, long c, long d) {
  private static final ThreadLocal<MessageDigest> SHA_256 =
      ThreadLocal.withInitial(Fingerprint::sha);

  static Fingerprint of(String text) {
    return of(SHA_256.get().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Of 32 bytes that are a hash already. */
  static Fingerprint of(byte[] hash) {
    ByteBuffer words = ByteBuffer.wrap(hash);
    return new Fingerprint(words.getLong(), words.getLong(), words.getLong(), words.getLong());
  }

  static byte[] hash(byte[] content) {
    return SHA_256.get().digest(content);
  }

  byte[] bytes() {
    return ByteBuffer.allocate(32).putLong(a).putLong(b).putLong(c).putLong(d).array();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Fingerprint f && ((a ^ f.a) | (b ^ f.b) | (c ^ f.c) | (d ^ f.d)) == 0;
  }

  @Override
  public int hashCode() {
    return (int) a;
  }

  @Override
  public String toString() {
    return "***";
  }

  private static MessageDigest sha() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("[security] this Java must know SHA-256", e);
    }
  }
}
