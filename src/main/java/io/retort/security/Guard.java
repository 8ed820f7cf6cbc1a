package io.retort.security;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.config.SecurityConfig;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.shareddata.Shareable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says who a caller is and whether it may: by API keys, tokens, signatures and rates, whatever the
 * transport. There is one for a process, so that a rate or a nonce counts for every port and every
 * instance. What is not switched on is not loaded.
 */
public final class Guard implements Shareable {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
  private static final String PLACE = "retort.guard";
  private static final String BEARER = "Bearer ";
  private static final String PROTOCOLS = "sec-websocket-protocol";

  /**
   * How a browser, which cannot set headers, brings its key to a WebSocket: as a sub-protocol
   * beside {@link #PROTOCOL}, which alone is answered. A key in the address would be in every log.
   */
  static final String KEY_PROTOCOL = "retort.key.";

  /** The sub-protocol of our WebSockets. */
  public static final String PROTOCOL = "retort";

  private final ApiKeys keys;
  private final Tokens tokens;
  private final Signatures signatures;
  private final RateLimits rates;
  private final boolean openMetrics;
  private final boolean open;
  private final boolean encrypted;

  private Guard(Vertx vertx, SecurityConfig config) {
    boolean listed = config.apiKey() != null || config.apiKeysFile() != null;
    keys = listed ? ApiKeys.of(config) : null;
    tokens = wantsTokens(config) ? Tokens.of(vertx, config) : null;
    signatures =
        listed && keys.anySigned()
            ? new Signatures(
                keys, InstantSource.system(), Duration.ofSeconds(config.signatureWindowSeconds()))
            : null;
    boolean limited =
        config.ratePerSecond() > 0
            || config.addressRatePerSecond() > 0
            || listed && keys.anyLimited();
    rates =
        limited ? new RateLimits(config.addressRatePerSecond(), config.addressRateBurst()) : null;
    openMetrics = config.openMetrics();
    open = config.open();
    encrypted = config.tlsCertificateFile() != null || config.tlsKeyStoreFile() != null;
    if (watches()) {
      LOG.info("security: {}", this);
    }
  }

  private static boolean wantsTokens(SecurityConfig config) {
    return config.jwtSecret() != null
        || config.jwtSecretFile() != null
        || config.jwtPublicKeyFile() != null
        || config.jwtKeySetFile() != null;
  }

  /**
   * The guard of the process.
   *
   * @throws IllegalArgumentException for settings or files that do not do
   */
  public static Guard of(Vertx vertx) {
    return vertx
        .sharedData()
        .<String, Guard>getLocalMap(PLACE)
        .computeIfAbsent(PLACE, first -> new Guard(vertx, SecurityConfig.of(vertx)));
  }

  /** Whether there is anything to {@link #admit} by; otherwise everybody may do all. */
  public boolean watches() {
    return asksForKeys() || rates != null;
  }

  /** Whether bodies have to {@link #fits fit} what their senders signed. */
  public boolean signs() {
    return signatures != null;
  }

  private boolean asksForKeys() {
    return keys != null || tokens != null;
  }

  /**
   * Refuses to listen where everybody could ask for everything.
   *
   * @param part who would listen
   * @throws IllegalArgumentException with the ways out
   */
  public void requireSafe(String part, String host) {
    if (loopback(host) || !asksForKeys() && open) {
      return;
    }
    if (asksForKeys()) {
      if (!encrypted) {
        LOG.warn("security: {} on {} without TLS: keys can be read on their way", part, host);
      }
      return;
    }
    throw new IllegalArgumentException(
        "["
            + part
            + "] on "
            + host
            + " everybody could ask for everything. Give it a key (RETORT_API_KEY, made by openssl"
            + " rand -hex 32; security.apiKeysFile; or a JWT key), or listen on 127.0.0.1 (--host),"
            + " or, where something in front of it keeps strangers out, set RETORT_SECURITY_OPEN=true");
  }

  private static boolean loopback(String host) {
    if (host.equals("127.0.0.1") || host.equals("localhost") || host.equals("::1")) {
      return true;
    }
    try {
      return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /**
   * The caller of a request.
   *
   * @throws FailureException if it names itself by nothing that is known, if it lacks the role, or
   *     if it asks too often
   */
  public Caller admit(Visit visit, Access access) {
    if (access == Access.OPEN) {
      return Caller.ANYBODY;
    }
    if (rates != null) {
      rates.takeOf(visit.address());
    }
    if (!asksForKeys() || access == Access.METRICS && openMetrics) {
      return Caller.ANYBODY;
    }
    Caller caller = identify(visit);
    if (rates != null) {
      rates.takeOf(caller);
    }
    access.require(caller);
    return caller;
  }

  /** Whether a body is what its sender signed; true for one that brings no signed hash. */
  public boolean fits(String signedHash, Buffer body) {
    return signatures == null || signedHash == null || Signatures.fits(signedHash, body.getBytes());
  }

  private Caller identify(Visit visit) {
    String signer = signatures == null ? null : visit.header(Signatures.KEY);
    if (signer != null && visit.checksBody()) {
      return signatures.verify(signer, visit);
    }
    String shown = shown(visit);
    if (shown == null) {
      throw Failure.UNAUTHENTICATED.because(
          "a key is needed: send it as Authorization: Bearer KEY, or as x-api-key");
    }
    Fingerprint hash = Fingerprint.of(shown);
    ApiKeys.Entry key = keys == null ? null : keys.find(hash);
    if (key != null && key.signed()) {
      throw Failure.UNAUTHENTICATED.because("this key signs its requests and is never sent itself");
    }
    if (key != null) {
      return key.caller();
    }
    if (tokens != null && Tokens.looksLike(shown)) {
      return tokens.verify(shown, hash);
    }
    throw Failure.UNAUTHENTICATED.because("the key is not known here");
  }

  private static String shown(Visit visit) {
    String header = visit.header("authorization");
    if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return header.substring(BEARER.length()).strip();
    }
    String key = visit.header("x-api-key");
    return key != null ? key : ofProtocols(visit.header(PROTOCOLS));
  }

  private static String ofProtocols(String protocols) {
    if (protocols != null) {
      for (String each : protocols.split(",")) {
        if (each.strip().startsWith(KEY_PROTOCOL)) {
          return each.strip().substring(KEY_PROTOCOL.length());
        }
      }
    }
    return null;
  }

  /** What is switched on, without any of its secrets. */
  @Override
  public String toString() {
    return (keys == null ? "no API keys" : "API keys: " + keys.count())
        + (tokens == null ? "" : ", JWT")
        + (signatures == null ? "" : ", signatures")
        + (rates == null ? "" : ", rate limits");
  }
}
