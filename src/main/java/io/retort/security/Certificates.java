package io.retort.security;

import io.retort.config.SecurityConfig;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS of what listens: 1.2 and 1.3, with a certificate that is read again when its file changes.
 */
public final class Certificates {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
  private static final long LOOK_MILLIS = 2000;
  private final SecurityConfig config;

  private Certificates(SecurityConfig config) {
    this.config = config;
  }

  /**
   * The certificates of the settings, or null where TLS is not switched on.
   *
   * @throws IllegalArgumentException for settings of which the other half is missing
   */
  public static Certificates of(SecurityConfig config) {
    boolean pem = config.tlsCertificateFile() != null || config.tlsKeyFile() != null;
    boolean store = config.tlsKeyStoreFile() != null;
    require(
        !pem || config.tlsCertificateFile() != null && config.tlsKeyFile() != null,
        "tlsCertificateFile and tlsKeyFile must be given together");
    require(!pem || !store, "tlsKeyStoreFile must be given without tlsCertificateFile");
    require(
        !store || config.tlsKeyStorePassword() != null,
        "tlsKeyStoreFile needs its password in RETORT_SECURITY_TLS_KEY_STORE_PASSWORD");
    require(
        config.tlsClientCertificates() == ClientAuth.NONE
            || (pem || store) && config.tlsClientAuthorityFile() != null,
        "tlsClientCertificates needs a certificate of the server and tlsClientAuthorityFile");
    return pem || store ? new Certificates(config) : null;
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw new IllegalArgumentException("[security] security." + sentence);
    }
  }

  /** Switches TLS on. */
  public void into(HttpServerOptions options) {
    Stream.of(config.tlsKeyFile(), config.tlsKeyStoreFile())
        .filter(Objects::nonNull)
        .forEach(file -> SecretFile.warnIfShared("the private key", file));
    options
        .setSsl(true)
        .setKeyCertOptions(key())
        .setEnabledSecureTransportProtocols(new LinkedHashSet<>(List.of("TLSv1.3", "TLSv1.2")))
        .setUseAlpn(config.tlsHttp2());
    if (config.tlsHttp2()) {
      options.setAlpnVersions(List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1));
    }
    if (config.tlsClientCertificates() != ClientAuth.NONE) {
      options
          .setClientAuth(config.tlsClientCertificates())
          .setTrustOptions(
              new PemTrustOptions().addCertPath(config.tlsClientAuthorityFile().toString()));
    }
  }

  private KeyCertOptions key() {
    if (config.tlsKeyStoreFile() != null) {
      return new PfxOptions()
          .setPath(config.tlsKeyStoreFile().toString())
          .setPassword(config.tlsKeyStorePassword().reveal());
    }
    return new PemKeyCertOptions()
        .addCertPath(config.tlsCertificateFile().toString())
        .addKeyPath(config.tlsKeyFile().toString());
  }

  /**
   * Has {@code server} take the files again when they change; what cannot be read changes nothing.
   * Connections that are open keep the certificate that they began with.
   */
  public void watch(Vertx vertx, HttpServer server, HttpServerOptions options) {
    Watch watch = new Watch();
    vertx.setPeriodic(
        LOOK_MILLIS,
        timer ->
            vertx
                .executeBlocking(watch::changed)
                .onSuccess(
                    changed -> {
                      if (changed) {
                        reload(server, options);
                      }
                    }));
  }

  private static void reload(HttpServer server, HttpServerOptions options) {
    server
        .updateSSLOptions(options.getSslOptions(), true)
        .onSuccess(done -> LOG.info("security: the certificate was read again"))
        .onFailure(
            failure ->
                LOG.warn(
                    "security: the certificate changed but cannot be read: {}",
                    failure.getMessage()));
  }

  private final class Watch {
    private Set<Object> state = state();

    boolean changed() {
      Set<Object> before = state;
      state = state();
      return !state.equals(before);
    }

    private Set<Object> state() {
      Set<Object> state = new LinkedHashSet<>();
      for (Path file :
          new Path[] {
            config.tlsCertificateFile(),
            config.tlsKeyFile(),
            config.tlsKeyStoreFile(),
            config.tlsClientAuthorityFile()
          }) {
        if (file != null) {
          state.add(List.of(file, time(file)));
        }
      }
      return state;
    }

    private static Object time(Path file) {
      try {
        return Files.getLastModifiedTime(file);
      } catch (IOException absent) {
        return "absent";
      }
    }
  }
}
