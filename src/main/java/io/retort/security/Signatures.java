package io.retort.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Requests signed with a key that itself is never sent. The signature is the HMAC-SHA256, under the
 * SHA-256 of the key, of five lines: method, target, date, nonce and the SHA-256 of the body. It is
 * judged by the headers alone, before anything of the body is taken; the body is then held against
 * the hash that was signed.
 *
 * <p>A nonce is remembered for as long as its date would do. Where too many are remembered, signed
 * requests are refused: to forget one early would let it come again.
 */
final class Signatures {
  static final String KEY = "x-retort-key";
  static final String CONTENT = "x-retort-content-sha256";
  private static final int MAX_REMEMBERED = 500_000;
  private static final Pattern NONCE = Pattern.compile("[A-Za-z0-9_-]{16,64}");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private final ApiKeys keys;
  private final InstantSource clock;
  private final Duration window;
  private final Cache<String, Boolean> seen;

  Signatures(ApiKeys keys, InstantSource clock, Duration window) {
    this.keys = keys;
    this.clock = clock;
    this.window = window;
    this.seen = Caffeine.newBuilder().expireAfterWrite(window.multipliedBy(2)).build();
  }

  /** The caller that signed, its name being {@code name}. */
  Caller verify(String name, Visit visit) {
    ApiKeys.Entry key = keys.named(name);
    if (key == null || !key.signed()) {
      throw Failure.UNAUTHENTICATED.because("no key that signs has the name of " + KEY);
    }
    String date = header(visit, "x-retort-date");
    requireNear(date);
    String nonce = header(visit, "x-retort-nonce");
    if (!NONCE.matcher(nonce).matches()) {
      throw invalid("x-retort-nonce must have 16 to 64 of A-Z, a-z, 0-9, _ and -");
    }
    String content = header(visit, CONTENT);
    if (!HASH.matcher(content).matches()) {
      throw invalid(CONTENT + " must be 64 hexadecimal digits in lower case");
    }
    byte[] came = bytes(header(visit, "x-retort-signature"));
    String text = String.join("\n", visit.method(), visit.target(), date, nonce, content);
    if (!MessageDigest.isEqual(came, sign(key.hash(), text))) {
      throw invalid("the signature is not that of this request under this key");
    }
    remember(name, nonce);
    return key.caller();
  }

  /** Whether the body is the one whose hash was signed. */
  static boolean fits(String signed, byte[] body) {
    return MessageDigest.isEqual(bytes(signed), Fingerprint.hash(body));
  }

  private void requireNear(String date) {
    Duration apart;
    try {
      apart = Duration.between(Instant.parse(date), clock.instant()).abs();
    } catch (DateTimeParseException | ArithmeticException e) {
      throw invalid("x-retort-date must be a time in UTC, as 2026-01-31T12:00:00Z");
    }
    if (apart.compareTo(window) > 0) {
      throw invalid(
          "x-retort-date may be "
              + window.toSeconds()
              + " s from the clock here: it is "
              + apart.toSeconds()
              + " s from it");
    }
  }

  private void remember(String name, String nonce) {
    if (seen.estimatedSize() >= MAX_REMEMBERED) {
      throw Failure.RATE_LIMITED.because("too many signed requests came of late", 1);
    }
    if (seen.asMap().putIfAbsent(name + " " + nonce, true) != null) {
      throw invalid("a request with this nonce came before");
    }
  }

  private static String header(Visit visit, String name) {
    String value = visit.header(name);
    if (value == null) {
      throw invalid("a signed request must have the header " + name);
    }
    return value;
  }

  private static FailureException invalid(String sentence) {
    return Failure.INVALID_SIGNATURE.because(sentence);
  }

  private static byte[] bytes(String hexadecimal) {
    try {
      return HexFormat.of().parseHex(hexadecimal);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private static byte[] sign(Fingerprint key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.bytes(), "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("[security] this Java must know HMAC-SHA256", e);
    }
  }
}
