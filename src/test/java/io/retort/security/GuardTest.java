package io.retort.security;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.config.Secret;
import io.retort.config.SecurityConfig;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuardTest {
  private static final String KEY = "k".repeat(64);
  @TempDir Path home;

  @Test
  void start_securityOff_loadsNothingThatItWouldNeed() throws Exception {
    assertThat(classesOfAServer())
        .anyMatch(name -> name.endsWith("security.Guard"))
        .noneMatch(
            name ->
                name.startsWith("io.github.bucket4j.")
                    || name.startsWith("io.vertx.ext.auth.jwt.")
                    || name.startsWith("io.vertx.ext.auth.impl.jose.")
                    || name.startsWith("javax.crypto.")
                    || name.matches(
                        ".*security\\.(ApiKeys|Tokens|Signatures|RateLimits|SecretFile)"));
  }

  @Test
  void admit_metrics_needAKeyUnlessTheyAreOpen() throws Exception {
    Secret key = Secret.of(KEY);
    Visit stranger = visit(Map.of(), true);
    Visit known = visit(Map.of("x-api-key", KEY), true);
    withGuard(
        Map.of("apiKey", key),
        guard -> {
          assertThatThrownBy(() -> guard.admit(stranger, Access.METRICS))
              .hasMessageContaining("a key is needed");
          assertThat(guard.admit(known, Access.METRICS).name()).isEqualTo("environment");
        });
    withGuard(
        Map.of("apiKey", key, "openMetrics", true),
        guard -> assertThat(guard.admit(stranger, Access.METRICS)).isEqualTo(Caller.ANYBODY));
  }

  @Test
  void admit_signatureWhereNobodyChecksTheBody_isNoKey() throws Exception {
    Path file = home.resolve("keys.json");
    Files.writeString(
        file,
        """
        {"keys": [{"name": "bank", "sha256": "%s", "roles": ["predict"], "signed": true}]}"""
            .formatted(Signing.sha256(KEY)));
    Map<String, String> signed =
        Signing.headers(
            "bank", KEY, "POST", "/", Instant.now().toString(), "nonce-of-16-or-more", "");
    withGuard(
        Map.of("apiKeysFile", file.toString()),
        guard -> {
          assertThatThrownBy(() -> guard.admit(visit(signed, false), Access.PREDICT))
              .hasMessageContaining("a key is needed");
          assertThat(guard.admit(visit(signed, true), Access.PREDICT).name()).isEqualTo("bank");
        });
  }

  private static void withGuard(Map<String, Object> settings, Consumer<Guard> test) {
    Vertx vertx = Vertx.vertx();
    try {
      SecurityConfig.of(settings).share(vertx);
      test.accept(Guard.of(vertx));
    } finally {
      TrialNode.await(vertx.close());
    }
  }

  private static Visit visit(Map<String, String> headers, boolean checksBody) {
    return new Visit() {
      @Override
      public String header(String name) {
        return headers.get(name);
      }

      @Override
      public String address() {
        return "192.0.2.1";
      }

      @Override
      public String method() {
        return "POST";
      }

      @Override
      public String target() {
        return "/";
      }

      @Override
      public boolean checksBody() {
        return checksBody;
      }
    };
  }

  private List<String> classesOfAServer() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 16, 10), 1);
    Path log = home.resolve("classes.txt");
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load:file=" + log,
                "-cp",
                System.getProperty("java.class.path"),
                "io.retort.Retort",
                "serve",
                "--port",
                "0",
                "--models",
                home.resolve("models").toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader out = server.inputReader()) {
      predict(port(out));
    } finally {
      server.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
    }
    try (var lines = Files.lines(log)) {
      return lines.map(line -> line.replaceAll("^(\\[[^]]*] ?)+(\\S+).*", "$2")).toList();
    }
  }

  private static int port(BufferedReader out) throws IOException {
    for (String line; (line = out.readLine()) != null; ) {
      if (line.contains("listening on http://")) {
        return URI.create(line.substring(line.indexOf("http://"))).getPort();
      }
    }
    throw new AssertionError("the server ended");
  }

  private static void predict(int port) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/predict"))
            .POST(BodyPublishers.ofString(body(digit(1))))
            .build();
    for (int i = 0; i < 600; i++) {
      if (HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode() == 200) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no answer within 30 s");
  }
}
