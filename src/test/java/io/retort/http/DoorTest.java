package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.security.Signing;
import io.retort.tensor.Shape;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoorTest {
  private static final String ADMIN = "a".repeat(64);
  private static final String PREDICTS = "b".repeat(64);
  private static final String TRAINS = "c".repeat(64);
  private static final String SIGNS = "d".repeat(64);
  private static final String SLOW = "e".repeat(64);
  @TempDir static Path home;
  private static TrialNode node;
  private static Path file;

  @BeforeAll
  static void start() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 16, 10), 1);
    file = home.resolve("keys.json");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        file,
        """
        {"keys": [{"name": "web", "sha256": "%s", "roles": ["predict"]},
                  {"name": "lab", "sha256": "%s", "roles": ["train"]},
                  {"name": "bank", "sha256": "%s", "roles": ["predict", "train"], "signed": true},
                  {"name": "slow", "sha256": "%s", "roles": ["predict"], "ratePerSecond": 1, "rateBurst": 3}]}"""
            .formatted(
                Signing.sha256(PREDICTS),
                Signing.sha256(TRAINS),
                Signing.sha256(SIGNS),
                Signing.sha256(SLOW)));
    node =
        TrialNode.start(
            home,
            Map.of("security.apiKey", ADMIN, "security.apiKeysFile", file.toString()),
            "inference",
            "training",
            "cache",
            "http");
    node.awaitLive("student", "1");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /health/live, 200, 200, 200, 200",
    "GET, /health/ready, 200, 200, 200, 200",
    "GET, /health, 401, 200, 200, 200",
    "POST, /predict, 401, 200, 403, 200",
    "GET, /predict, 401, 405, 403, 405",
    "GET, /v1/jobs, 401, 403, 200, 200",
    "GET, /v1/jobs/nobody, 401, 403, 404, 404",
    "DELETE, /v1/jobs/nobody, 401, 403, 404, 404",
    "GET, /v1/progress, 401, 403, 200, 200",
    "GET, /v1/jobs/nobody/progress, 401, 403, 404, 404",
    "GET, /nothing, 401, 403, 403, 404",
    "GET, //v1/jobs, 401, 403, 403, 200",
    "GET, /docs/../v1/jobs, 401, 403, 403, 200",
    "GET, /v1/%6aobs, 401, 403, 403, 200",
    "OPTIONS, /predict, 401, 405, 403, 405",
  })
  void request_keyAndRoute_getWhatTheRolesAllow(
      String method, String path, int none, int predicts, int trains, int admin) throws Exception {
    assertThat(ask(method, path, Map.of()).statusCode()).isEqualTo(none);
    assertThat(ask(method, path, bearer("f".repeat(64))).statusCode())
        .isEqualTo(none == 200 ? 200 : 401);
    assertThat(ask(method, path, bearer(PREDICTS)).statusCode()).isEqualTo(predicts);
    assertThat(ask(method, path, bearer(TRAINS)).statusCode()).isEqualTo(trains);
    assertThat(ask(method, path, Map.of("x-api-key", ADMIN)).statusCode()).isEqualTo(admin);
  }

  @Test
  void request_refused_saysWhyAndHow() throws Exception {
    HttpResponse<String> unknown = ask("GET", "/v1/jobs", Map.of());
    requireError(unknown, 401, "unauthenticated", "a key is needed");
    assertThat(unknown.headers().firstValue("www-authenticate"))
        .contains("Bearer realm=\"retort\"");
    requireError(
        ask("GET", "/v1/jobs", bearer(PREDICTS)), 403, "forbidden", "the role train, which web");
    requireError(
        ask("GET", "/v1/jobs", bearer("nobody's")), 401, "unauthenticated", "not known here");
  }

  @Test
  void request_refusedWithALongBody_isAnsweredAndLetGo() throws Exception {
    HttpResponse<String> refused =
        node.send(
            HttpRequest.newBuilder(node.uri("/predict"))
                .POST(BodyPublishers.ofString("0,".repeat(1 << 17))));

    requireError(refused, 401, "unauthenticated", "a key is needed");
    assertThat(refused.headers().firstValue("connection")).contains("close");
  }

  @Test
  void request_overItsKeysRate_isToldWhenToComeBack() throws Exception {
    HttpResponse<String> last = null;
    for (int i = 0; i < 50 && (last == null || last.statusCode() == 200); i++) {
      last = ask("POST", "/predict", bearer(SLOW));
    }

    requireError(last, 429, "rate_limited", "1 times a second");
    assertThat(last.headers().firstValue("retry-after")).contains("1");
    assertThat(ask("POST", "/predict", bearer(PREDICTS)).statusCode()).isEqualTo(200);
  }

  @Test
  void request_overItsAddresssRate_isRefusedBeforeItsKeyIsTried() throws Exception {
    Map<String, Object> flags =
        Map.of("security.addressRatePerSecond", 1, "security.addressRateBurst", 2);
    try (TrialNode limited = TrialNode.start(home, flags, "http")) {
      HttpResponse<String> last = null;
      for (int i = 0; i < 50 && (last == null || last.statusCode() != 429); i++) {
        last = limited.get("/v1/jobs");
      }
      requireError(last, 429, "rate_limited", "this address");
      assertThat(limited.get("/health/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void request_signed_isTakenOnceAndWithItsBodyOnly() throws Exception {
    String body = body(digit(1));
    Map<String, String> signed = sign("POST", "/predict?x=1", Instant.now(), body);

    assertThat(ask("POST", "/predict?x=1", signed, body).statusCode()).isEqualTo(200);
    requireError(
        ask("POST", "/predict?x=1", signed, body), 401, "invalid_signature", "came before");
    requireError(
        ask("POST", "/predict?x=1", sign("POST", "/predict?x=1", Instant.now(), body), body + " "),
        401,
        "invalid_signature",
        "the body does not have the hash");
    requireError(
        ask("POST", "/predict?x=2", sign("POST", "/predict?x=1", Instant.now(), body), body),
        401,
        "invalid_signature",
        "not that of this request");
    requireError(
        ask("GET", "/v1/jobs", sign("GET", "/v1/jobs", Instant.now().minusSeconds(400), "")),
        401,
        "invalid_signature",
        "300 s from the clock");
    assertThat(ask("GET", "/v1/jobs", sign("GET", "/v1/jobs", Instant.now(), "")).statusCode())
        .isEqualTo(200);
    requireError(
        ask("POST", "/predict", bearer(SIGNS)), 401, "unauthenticated", "never sent itself");
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0", "'::'"})
  void start_addressForStrangersWithoutAKey_isRefusedWithTheWaysOut(String host) {
    assertThatThrownBy(() -> TrialNode.start(home, Map.of("http.host", host), "http"))
        .hasMessageContaining("[http] on " + host)
        .hasMessageContaining("RETORT_API_KEY")
        .hasMessageContaining("127.0.0.1")
        .hasMessageContaining("RETORT_SECURITY_OPEN=true");
  }

  @Test
  void start_addressForStrangersWithAKeyOrByWord_isTaken() throws Exception {
    Map<String, Object> keyed = Map.of("http.host", "0.0.0.0", "security.apiKey", ADMIN);
    try (TrialNode open = TrialNode.start(home, keyed, "http")) {
      assertThat(open.get("/v1/jobs").statusCode()).isEqualTo(401);
    }
    Map<String, Object> open = Map.of("http.host", "0.0.0.0", "security.open", "true");
    try (TrialNode trusting = TrialNode.start(home, open, "http")) {
      assertThat(trusting.get("/health").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void secrets_throughoutALife_areInNoLogAndNoAnswer() throws Exception {
    PrintStream errors = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    StringBuilder answers = new StringBuilder();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    Map<String, Object> flags =
        Map.of(
            "security.apiKey",
            ADMIN,
            "security.jwtSecret",
            "s".repeat(40),
            "security.apiKeysFile",
            file.toString());
    try (TrialNode logged = TrialNode.start(home, flags, "http")) {
      for (String path : new String[] {"/health", "/v1/jobs", "/nothing", "/predict"}) {
        for (String key : new String[] {ADMIN, PREDICTS, "x.y.z", "wrong-key-of-a-stranger"}) {
          HttpResponse<String> answer =
              logged.send(
                  HttpRequest.newBuilder(logged.uri(path))
                      .header("authorization", "Bearer " + key));
          answers.append(answer.body()).append(answer.headers().map());
        }
      }
    } finally {
      System.setErr(errors);
    }
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("security: API keys: 5, JWT, signatures, rate limits");
    assertThat(log.toString(StandardCharsets.UTF_8) + answers)
        .doesNotContain(
            ADMIN, PREDICTS, "s".repeat(40), Signing.sha256(PREDICTS), "wrong-key-of-a-stranger");
  }

  private static Map<String, String> bearer(String key) {
    return Map.of("authorization", "Bearer " + key);
  }

  private static Map<String, String> sign(String method, String target, Instant date, String body) {
    String nonce = "nonce-" + UUID.randomUUID();
    return Signing.headers("bank", SIGNS, method, target, date.toString(), nonce, body);
  }

  private static HttpResponse<String> ask(String method, String path, Map<String, String> headers)
      throws Exception {
    return ask(method, path, headers, method.equals("POST") ? body(digit(1)) : "");
  }

  private static HttpResponse<String> ask(
      String method, String path, Map<String, String> headers, String body) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(node.uri(path))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("content-type", "application/json");
    }
    headers.forEach(request::header);
    return node.send(request);
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("error")).contains(sentence);
    assertThat(json.fieldNames()).containsExactly("error", "code");
  }
}
