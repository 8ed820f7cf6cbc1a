package io.retort.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a client does to sign, written from the documentation. */
public final class Signing {
  private Signing() {}

  public static String sha256(String text) {
    return HexFormat.of().formatHex(digest(text));
  }

  public static Map<String, String> headers(
      String name,
      String key,
      String method,
      String target,
      String date,
      String nonce,
      String body) {
    String text = String.join("\n", method, target, date, nonce, sha256(body));
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("x-retort-key", name);
    headers.put("x-retort-date", date);
    headers.put("x-retort-nonce", nonce);
    headers.put("x-retort-content-sha256", sha256(body));
    headers.put("x-retort-signature", hmac(digest(key), text));
    return headers;
  }

  private static String hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
