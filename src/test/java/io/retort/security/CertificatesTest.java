package io.retort.security;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialCertificate;
import io.retort.TrialNode;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificatesTest {
  @TempDir static Path home;

  @BeforeAll
  static void make() throws Exception {
    for (String name : List.of("server", "renewed", "client", "stranger")) {
      TrialCertificate.make(home, name);
    }
  }

  @Test
  void tls_pem_isAnsweredByHttpsAlone() throws Exception {
    try (TrialNode node = start(pem("server"))) {
      assertThat(ask(node, trusting("server")).statusCode()).isEqualTo(200);
      assertThat(ask(node, trusting("server")).version()).isEqualTo(HttpVersion.HTTP_1_1);
      assertThatThrownBy(() -> ask(node, trusting("stranger")))
          .isInstanceOf(IllegalStateException.class)
          .hasRootCauseInstanceOf(java.security.cert.CertPathBuilderException.class);
      assertThatThrownBy(() -> node.get("/health/live")).isInstanceOf(java.io.IOException.class);
    }
  }

  @Test
  void tls_12And13_areSpoken() throws Exception {
    try (TrialNode node = start(pem("server"))) {
      for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
        HttpClientOptions options = trusting("server");
        HttpClientResponse answer =
            ask(node, options.setEnabledSecureTransportProtocols(Set.of(protocol)));
        assertThat(answer.request().connection().sslSession().getProtocol()).isEqualTo(protocol);
      }
    }
  }

  @Test
  void tls_keyStoreAndHttp2_areTaken() throws Exception {
    Map<String, Object> flags =
        Map.of(
            "security.tlsKeyStoreFile",
            home.resolve("server.p12").toString(),
            "security.tlsKeyStorePassword",
            TrialCertificate.PASSWORD,
            "security.tlsHttp2",
            "true");
    try (TrialNode node = start(flags)) {
      HttpClientOptions options = trusting("server").setUseAlpn(true);
      options.setProtocolVersion(HttpVersion.HTTP_2);
      assertThat(ask(node, options).version()).isEqualTo(HttpVersion.HTTP_2);
      assertThat(ask(node, trusting("server")).version()).isEqualTo(HttpVersion.HTTP_1_1);
    }
  }

  @Test
  void tls_clientCertificateRequired_admitsItsHoldersOnly() throws Exception {
    Map<String, Object> flags = new java.util.HashMap<>(pem("server"));
    flags.put("security.tlsClientCertificates", "required");
    flags.put("security.tlsClientAuthorityFile", home.resolve("client.pem").toString());
    try (TrialNode node = start(flags)) {
      assertThat(ask(node, trusting("server").setKeyCertOptions(store("client"))).statusCode())
          .isEqualTo(200);
      assertThatThrownBy(() -> ask(node, trusting("server")));
      assertThatThrownBy(() -> ask(node, trusting("server").setKeyCertOptions(store("stranger"))));
    }
  }

  @Test
  void tls_certificateRenewed_isTakenWithoutARestart() throws Exception {
    Path certificate = Files.copy(home.resolve("server.pem"), home.resolve("live.pem"));
    Path key = Files.copy(home.resolve("server.key"), home.resolve("live.key"));
    Map<String, Object> flags =
        Map.of(
            "security.tlsCertificateFile",
            certificate.toString(),
            "security.tlsKeyFile",
            key.toString());
    try (TrialNode node = start(flags)) {
      assertThat(name(node)).isEqualTo("CN=server");

      Files.writeString(certificate, "half a certificate");
      Files.writeString(key, Files.readString(home.resolve("renewed.key")));
      Thread.sleep(2500);
      assertThat(name(node)).as("while the files do not fit").isEqualTo("CN=server");
      Files.writeString(certificate, Files.readString(home.resolve("renewed.pem")));

      for (int i = 0; i < 300 && !name(node).equals("CN=renewed"); i++) {
        Thread.sleep(100);
      }
      assertThat(name(node)).isEqualTo("CN=renewed");
    }
  }

  @Test
  void start_halfOfTheSettings_isRefused() {
    String file = home.resolve("server.pem").toString();
    assertThatThrownBy(() -> start(Map.of("security.tlsCertificateFile", file)))
        .hasMessageContaining("must be given together");
    assertThatThrownBy(() -> start(Map.of("security.tlsKeyStoreFile", file)))
        .hasMessageContaining("RETORT_SECURITY_TLS_KEY_STORE_PASSWORD");
    assertThatThrownBy(() -> start(Map.of("security.tlsClientCertificates", "required")))
        .hasMessageContaining("tlsClientAuthorityFile");
    assertThatThrownBy(
            () ->
                start(
                    Map.of(
                        "security.tlsCertificateFile",
                        "nowhere",
                        "security.tlsKeyFile",
                        "nowhere")))
        .hasMessageContaining("nowhere");
  }

  private static TrialNode start(Map<String, Object> flags) {
    return TrialNode.start(home, flags, "http");
  }

  private static Map<String, Object> pem(String name) {
    return Map.of(
        "security.tlsCertificateFile",
        home.resolve(name + ".pem").toString(),
        "security.tlsKeyFile",
        home.resolve(name + ".key").toString());
  }

  private static HttpClientOptions trusting(String name) {
    return new HttpClientOptions()
        .setSsl(true)
        .setVerifyHost(true)
        .setTrustOptions(new PemTrustOptions().addCertPath(home.resolve(name + ".pem").toString()));
  }

  private static PfxOptions store(String name) {
    return new PfxOptions()
        .setPath(home.resolve(name + ".p12").toString())
        .setPassword(TrialCertificate.PASSWORD);
  }

  private static HttpClientResponse ask(TrialNode node, HttpClientOptions options) {
    HttpClientAgent client = node.vertx().createHttpClient(options);
    return await(
        client
            .request(HttpMethod.GET, node.port(), "127.0.0.1", "/health/live")
            .compose(
                request ->
                    request
                        .send()
                        .compose(response -> response.body().map((Buffer b) -> response))));
  }

  private static String name(TrialNode node) throws Exception {
    HttpClientOptions any = new HttpClientOptions().setSsl(true).setTrustAll(true);
    Certificate shown =
        ask(node, any.setVerifyHost(false)).request().connection().peerCertificates().get(0);
    return ((X509Certificate) shown).getSubjectX500Principal().getName();
  }
}
