package io.retort.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.config.SecurityConfig;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON Web Tokens. One that was good is good for a minute more without its signature being computed
 * again, but never past its own end.
 */
final class Tokens {
  private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);
  private static final Duration REMEMBERED = Duration.ofMinutes(1);
  private static final int MAX_REMEMBERED = 10_000;
  private static final int LEAST_SECRET = 32;

  /** Three parts, none empty: a token without a signature has no third one. */
  private static final Pattern SIGNED = Pattern.compile("[\\w-]+\\.[\\w-]+\\.[\\w-]+");

  private record Known(Caller caller, long endSeconds) {}

  private final JWTAuth authority;
  private final SecurityConfig config;
  private final Cache<Fingerprint, Known> known =
      Caffeine.newBuilder().expireAfterWrite(REMEMBERED).maximumSize(MAX_REMEMBERED).build();

  private Tokens(JWTAuth authority, SecurityConfig config) {
    this.authority = authority;
    this.config = config;
  }

  /**
   * Reads the keys.
   *
   * @throws IllegalArgumentException for a key that cannot be read or is too weak
   */
  static Tokens of(Vertx vertx, SecurityConfig config) {
    JWTOptions rules = new JWTOptions().setLeeway(config.jwtLeewaySeconds());
    if (config.jwtIssuer() != null) {
      rules.setIssuer(config.jwtIssuer());
    }
    if (!config.jwtAudience().isEmpty()) {
      rules.setAudience(config.jwtAudience());
    }
    JWTAuthOptions options = new JWTAuthOptions().setJWTOptions(rules);
    if (config.jwtSecret() != null) {
      addSecret(options, "RETORT_SECURITY_JWT_SECRET", config.jwtSecret().reveal());
    }
    if (config.jwtSecretFile() != null) {
      String key = "security.jwtSecretFile";
      addSecret(options, key, SecretFile.read(key, config.jwtSecretFile()).strip());
    }
    if (config.jwtPublicKeyFile() != null) {
      PublicKeyFile file = PublicKeyFile.read(config.jwtPublicKeyFile());
      file.algorithms().forEach(each -> add(options, each, file.pem()));
    }
    if (config.jwtKeySetFile() != null) {
      addKeySet(options, config.jwtKeySetFile());
    }
    return new Tokens(JWTAuth.create(vertx, options), config);
  }

  private static void addSecret(JWTAuthOptions options, String place, String secret) {
    if (secret.length() < LEAST_SECRET) {
      throw new IllegalArgumentException(
          "[security] "
              + place
              + " must have "
              + LEAST_SECRET
              + " characters or more: "
              + secret.length()
              + " came");
    }
    List.of("HS256", "HS384", "HS512").forEach(each -> add(options, each, secret));
  }

  private static void add(JWTAuthOptions options, String algorithm, String key) {
    options.addPubSecKey(new PubSecKeyOptions().setAlgorithm(algorithm).setBuffer(key));
  }

  private static void addKeySet(JWTAuthOptions options, Path file) {
    String text = SecretFile.text("security.jwtKeySetFile", file);
    List<Fields> keys;
    try {
      keys = Fields.parse("jwtKeySetFile", text).objects("keys");
    } catch (JsonException hidden) {
      keys = List.of();
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "[security] security.jwtKeySetFile must be a JSON Web Key Set, {\"keys\": […]}, with a"
              + " key in it: "
              + file
              + " is not");
    }
    keys.forEach(key -> options.addJwk(new JsonObject(key.values())));
  }

  /** Whether a text has the form of a signed token. */
  static boolean looksLike(String text) {
    return SIGNED.matcher(text).matches();
  }

  /** The caller that a token names. */
  Caller verify(String token, Fingerprint hash) {
    long now = System.currentTimeMillis() / 1000;
    Known before = known.getIfPresent(hash);
    if (before != null && now < before.endSeconds + config.jwtLeewaySeconds()) {
      return before.caller;
    }
    Future<User> judged = authority.authenticate(new TokenCredentials(token));
    if (!judged.succeeded()) {
      LOG.debug("security: a token was refused: {}", judged.cause().getClass());
      throw invalid("its signature, issuer, audience or time is not what this server asks");
    }
    JsonObject claims = judged.result().attributes().getJsonObject("accessToken");
    if (!(claims.getValue("exp") instanceof Number end)) {
      throw invalid("it must have an end, exp");
    }
    Caller caller = caller(claims);
    known.put(hash, new Known(caller, end.longValue()));
    return caller;
  }

  private Caller caller(JsonObject claims) {
    Object subject = claims.getValue("sub");
    return new Caller(
        "jwt:" + (subject == null ? "" : subject),
        roles(claims.getValue(config.jwtRolesClaim())),
        config.ratePerSecond(),
        config.rateBurst());
  }

  private static Set<Role> roles(Object claim) {
    List<?> words =
        claim instanceof JsonArray list
            ? list.getList()
            : claim instanceof String text ? List.of(text.split("[ ,]+")) : List.of();
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (Object word : words) {
      Role role = Role.of(String.valueOf(word));
      if (role != null) {
        roles.add(role);
      }
    }
    return roles;
  }

  private static FailureException invalid(String why) {
    return Failure.UNAUTHENTICATED.because("the token is not valid here: " + why);
  }
}
