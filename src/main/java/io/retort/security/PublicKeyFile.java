package io.retort.security;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/**
 * A public key in PEM.
 *
 * @param algorithms of tokens that it may check, by its type
 */
record PublicKeyFile(String pem, List<String> algorithms) {
  private static final String KEY = "security.jwtPublicKeyFile";
  private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
  private static final String END = "-----END PUBLIC KEY-----";
  private static final int LEAST_RSA_BITS = 2048;

  static PublicKeyFile read(Path file) {
    String pem = SecretFile.text(KEY, file);
    int begin = pem.indexOf(BEGIN);
    int end = pem.indexOf(END);
    if (begin < 0 || end < begin) {
      throw unreadable(file);
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN.length(), end));
      return new PublicKeyFile(
          pem.substring(begin, end + END.length()), algorithms(new X509EncodedKeySpec(der)));
    } catch (IllegalArgumentException | GeneralSecurityException e) {
      throw unreadable(file);
    }
  }

  private static List<String> algorithms(X509EncodedKeySpec encoded)
      throws GeneralSecurityException {
    PublicKey key = null;
    for (String type : List.of("RSA", "EC", "Ed25519")) {
      try {
        key = KeyFactory.getInstance(type).generatePublic(encoded);
        break;
      } catch (GeneralSecurityException another) {
        continue;
      }
    }
    if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= LEAST_RSA_BITS) {
      return List.of("RS256", "RS384", "RS512");
    }
    if (key instanceof ECPublicKey curve) {
      int bits = curve.getParams().getCurve().getField().getFieldSize();
      return List.of(bits <= 256 ? "ES256" : bits <= 384 ? "ES384" : "ES512");
    }
    if (key != null && !(key instanceof RSAPublicKey)) {
      return List.of("EdDSA");
    }
    throw new GeneralSecurityException("not one of these");
  }

  private static IllegalArgumentException unreadable(Path file) {
    return new IllegalArgumentException(
        "[security] "
            + KEY
            + " must be a public key in PEM (BEGIN PUBLIC KEY), RSA of 2048 bits or more, EC or"
            + " Ed25519: "
            + file
            + " is not");
  }
}
