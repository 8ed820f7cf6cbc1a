package io.retort;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;

/**
 * A self-signed certificate for 127.0.0.1, made by the JDK's keytool, as a PKCS12 store and as PEM
 * files.
 */
public record TrialCertificate(Path store, Path certificate, Path key) {
  public static final String PASSWORD = "a-password-of-the-store";

  /** Writes {@code NAME.p12}, {@code NAME.pem} and {@code NAME.key} into a directory. */
  public static TrialCertificate make(Path home, String name)
      throws IOException, GeneralSecurityException, InterruptedException {
    Path store = home.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return new TrialCertificate(
        store,
        write(home, name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded()),
        write(
            home,
            name + ".key",
            "PRIVATE KEY",
            keys.getKey(name, PASSWORD.toCharArray()).getEncoded()));
  }

  private static Path write(Path home, String file, String what, byte[] der) throws IOException {
    String lines = Base64.getMimeEncoder().encodeToString(der);
    return Files.writeString(
        home.resolve(file),
        "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n");
  }

  /** Settings of a node that shows this certificate. */
  public Map<String, Object> settings() {
    return Map.of(
        "security.tlsCertificateFile",
        certificate.toString(),
        "security.tlsKeyFile",
        key.toString());
  }

  /** Options of a client that trusts it alone. */
  public HttpClientOptions trusting() {
    return new HttpClientOptions()
        .setSsl(true)
        .setVerifyHost(true)
        .setTrustOptions(new PemTrustOptions().addCertPath(certificate.toString()));
  }

  public PfxOptions pfx() {
    return new PfxOptions().setPath(store.toString()).setPassword(PASSWORD);
  }
}
