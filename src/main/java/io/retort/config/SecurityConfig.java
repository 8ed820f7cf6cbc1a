package io.retort.config;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.shareddata.Shareable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Who may ask, from where, and how often; for every part that listens. A {@link Secret} comes from
 * the environment only, and these settings never become JSON: {@link Node} lays them into the local
 * map of its Vert.x, where {@link #of(Vertx)} finds them.
 *
 * @param open a node without keys may listen on an address that is not loopback
 * @param apiKey one key with every role
 * @param apiKeysFile JSON, {@code {"keys": [{"name", "sha256", "roles"}]}}
 * @param jwtSecret shared with the issuer of HS256, HS384 or HS512 tokens
 * @param jwtSecretFile the same, in a file
 * @param jwtPublicKeyFile PEM: RSA, EC or Ed25519
 * @param jwtKeySetFile a JSON Web Key Set
 * @param jwtIssuer what {@code iss} must be, or null for any
 * @param jwtAudience one of them must be in {@code aud}; empty for any
 * @param jwtLeewaySeconds by which clocks may differ
 * @param jwtRolesClaim a list, or a text of words, with {@code predict}, {@code train} or {@code
 *     admin} in it
 * @param signatureWindowSeconds how old, or how far ahead, a signed request may be
 * @param ratePerSecond requests of one key; 0 for any number
 * @param rateBurst requests at once before the rate counts; 0 for as many as a second has
 * @param addressRatePerSecond requests of one address; 0 for any number
 * @param addressRateBurst as {@code rateBurst}
 * @param corsOrigins {@code https://app.example.com}, or {@code *}: pages that may read answers
 * @param openMetrics {@code /metrics} asks for no key
 * @param tlsCertificateFile PEM, the server's certificate first
 * @param tlsKeyFile PEM, PKCS #8
 * @param tlsKeyStoreFile PKCS #12, instead of the two
 * @param tlsKeyStorePassword of the key store
 * @param tlsClientCertificates whether clients show one
 * @param tlsClientAuthorityFile PEM: who signs the clients' certificates
 * @param tlsHttp2 HTTP/2 beside HTTP/1.1, by ALPN
 */
public record SecurityConfig(
    boolean open,
    Secret apiKey,
    Path apiKeysFile,
    Secret jwtSecret,
    Path jwtSecretFile,
    Path jwtPublicKeyFile,
    Path jwtKeySetFile,
    String jwtIssuer,
    List<String> jwtAudience,
    int jwtLeewaySeconds,
    String jwtRolesClaim,
    int signatureWindowSeconds,
    int ratePerSecond,
    int rateBurst,
    int addressRatePerSecond,
    int addressRateBurst,
    List<String> corsOrigins,
    boolean openMetrics,
    Path tlsCertificateFile,
    Path tlsKeyFile,
    Path tlsKeyStoreFile,
    Secret tlsKeyStorePassword,
    ClientAuth tlsClientCertificates,
    Path tlsClientAuthorityFile,
    boolean tlsHttp2)
    implements Shareable {
  private static final String PLACE = "retort.security";
  private static final int MOST = 1_000_000;

  /** Reads the settings; what is missing takes its default. */
  public static SecurityConfig of(Map<String, Object> values) {
    Fields fields = Fields.of("security", values);
    Limits limits = new Limits(fields);
    SecurityConfig config =
        new SecurityConfig(
            fields.flag("open", false),
            secret(fields, "apiKey"),
            path(fields, "apiKeysFile"),
            secret(fields, "jwtSecret"),
            path(fields, "jwtSecretFile"),
            path(fields, "jwtPublicKeyFile"),
            path(fields, "jwtKeySetFile"),
            fields.text("jwtIssuer", null),
            limits.texts("jwtAudience"),
            limits.integer("jwtLeewaySeconds", 5, 0, 3600),
            fields.text("jwtRolesClaim", "roles"),
            limits.integer("signatureWindowSeconds", 300, 1, 86_400),
            limits.integer("ratePerSecond", 0, 0, MOST),
            limits.integer("rateBurst", 0, 0, MOST),
            limits.integer("addressRatePerSecond", 0, 0, MOST),
            limits.integer("addressRateBurst", 0, 0, MOST),
            limits.texts("corsOrigins"),
            fields.flag("openMetrics", false),
            path(fields, "tlsCertificateFile"),
            path(fields, "tlsKeyFile"),
            path(fields, "tlsKeyStoreFile"),
            secret(fields, "tlsKeyStorePassword"),
            fields.choice("tlsClientCertificates", ClientAuth.class, ClientAuth.NONE),
            path(fields, "tlsClientAuthorityFile"),
            fields.flag("tlsHttp2", false));
    fields.end();
    return config;
  }

  /** The settings of the node that {@code vertx} runs, or the defaults where it runs without. */
  public static SecurityConfig of(Vertx vertx) {
    SecurityConfig shared =
        vertx.sharedData().<String, SecurityConfig>getLocalMap(PLACE).get(PLACE);
    return shared == null ? of(Map.of()) : shared;
  }

  /** Has every verticle of {@code vertx} that is started from now on find these settings. */
  public void share(Vertx vertx) {
    vertx.sharedData().<String, SecurityConfig>getLocalMap(PLACE).put(PLACE, this);
  }

  private static Path path(Fields fields, String key) {
    return fields.has(key) ? Path.of(fields.text(key)) : null;
  }

  /** What is not a {@link Secret} came from a file, and is not to be shown in the error either. */
  private static Secret secret(Fields fields, String key) {
    Object value = fields.raw(key);
    if (value == null || value instanceof Secret) {
      return (Secret) value;
    }
    throw new JsonException(
        fields.path()
            + "."
            + key
            + " is a secret: give it by the environment's "
            + Overrides.name(Part.SECURITY, key)
            + ", not in verticles.json");
  }
}
