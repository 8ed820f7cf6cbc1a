package io.retort.http;

import static io.retort.TrialNode.await;
import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialCertificate;
import io.retort.TrialNode;
import io.retort.metrics.Exposition;
import io.retort.nn.Architecture;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsRouteTest {
  private static final String REQUESTS = "retort_http_requests_seconds_count";
  private static final String ERRORS = "retort_http_errors_total";
  private static final String PREDICT = "route=\"/predict\"";
  private static final String UNMATCHED = "route=\"unmatched\"";

  @TempDir static Path home;
  private TrialNode node;

  @BeforeAll
  static void save() {
    TrialNode.putLive(home, "student", Architecture.mlp(io.retort.tensor.Shape.of(784), 8, 10), 1);
  }

  @BeforeEach
  void start() throws InterruptedException {
    node = TrialNode.start(home, Map.of(), "inference", "cache", "http");
    node.awaitLive("student", "1");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void metrics_manyClientsAtOnce_countsEveryRequestByRouteStatusAndCode() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(8);
    List<Future<?>> sent = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      String good = body(digit(i));
      int turn = i;
      sent.add(clients.submit(answered(200, () -> node.post("/predict", good))));
      sent.add(clients.submit(answered(400, () -> node.post("/predict", "{"))));
      sent.add(clients.submit(answered(200, () -> node.get("/health/live"))));
      sent.add(clients.submit(answered(503, () -> node.get("/v1/jobs/" + turn))));
    }
    for (Future<?> each : sent) {
      each.get();
    }
    clients.shutdown();

    Exposition scraped = scrape();
    assertThat(scraped.sum(REQUESTS, PREDICT, "status=\"200\"")).isEqualTo(400);
    assertThat(scraped.sum(REQUESTS, PREDICT, "status=\"400\"")).isEqualTo(400);
    assertThat(scraped.sum(REQUESTS, "route=\"/health/live\"")).isEqualTo(400);
    assertThat(scraped.sum(REQUESTS, "route=\"/v1/jobs/:id\"", "503")).isEqualTo(400);
    assertThat(scraped.sum(ERRORS, "code=\"invalid_json\"")).isEqualTo(400);
    assertThat(scraped.sum(ERRORS, "code=\"unavailable\"")).isEqualTo(400);
    assertThat(scraped.sum(ERRORS)).isEqualTo(800);
    assertThat(scraped.sum("retort_http_requests_active")).as("the scrape itself").isEqualTo(1);
    assertThat(scraped.sum("retort_http_connections")).isPositive();

    Map<Double, Double> buckets =
        scraped.buckets("retort_http_requests_seconds", PREDICT, "status=\"200\"");
    assertThat(buckets).hasSize(17).containsEntry(Double.POSITIVE_INFINITY, 400.0);
    assertThat(new ArrayList<>(buckets.values())).isSorted();
    assertThat(scraped.sum("retort_http_requests_seconds_sum", PREDICT, "200"))
        .isBetween(400 * 1e-6, 400 * 60.0);
  }

  private static Callable<Void> answered(int status, Callable<HttpResponse<String>> request) {
    return () -> {
      HttpResponse<String> answer = request.call();
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
      return null;
    };
  }

  @Test
  void metrics_thousandStrangePathsMethodsAndModels_addNoSeries() throws Exception {
    strange(0);
    Set<String> before = scrape().series();

    for (int i = 1; i <= 1000; i++) {
      strange(i);
    }

    Exposition after = scrape();
    assertThat(requests(after.series())).isEqualTo(requests(before));
    assertThat(after.series()).noneMatch(series -> series.matches(".*(nobody|such|BREW).*"));
    assertThat(after.sum(REQUESTS, UNMATCHED, "404")).isEqualTo(1001);
    assertThat(after.sum(REQUESTS, UNMATCHED, "405")).isEqualTo(1001);
    assertThat(after.sum(ERRORS, "code=\"unknown_model\"")).isEqualTo(1001);
  }

  /** Without the scrape itself, which the first one cannot show. */
  private static List<String> requests(Set<String> all) {
    return all.stream()
        .filter(series -> series.startsWith("retort_http_") && !series.contains("\"/metrics\""))
        .sorted()
        .toList();
  }

  private void strange(int i) throws Exception {
    node.get("/no/such/" + i + "?key=" + i);
    node.send(
        HttpRequest.newBuilder(node.uri("/v1/jobs"))
            .method("BREW" + i, HttpRequest.BodyPublishers.noBody()));
    node.post(
        "/predict", new JsonObject(body(new float[] {1})).put("model", "nobody" + i).encode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          -                                                                        | text/plain; version=0.0.4; charset=utf-8
          */*                                                                      | text/plain; version=0.0.4; charset=utf-8
          text/plain                                                               | text/plain; version=0.0.4; charset=utf-8
          application/json                                                         | text/plain; version=0.0.4; charset=utf-8
          application/openmetrics-text                                             | application/openmetrics-text; version=1.0.0; charset=utf-8
          application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5,*/*;q=0.1 | application/openmetrics-text; version=1.0.0; charset=utf-8
          application/openmetrics-text;q=0.3,text/plain;q=0.5                      | text/plain; version=0.0.4; charset=utf-8
          """)
  void metrics_accept_choosesTheFormat(String accept, String type) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(node.uri("/metrics"));
    if (accept != null) {
      request.header("accept", accept);
    }

    HttpResponse<String> answer = node.send(request);

    assertThat(answer.headers().firstValue("content-type")).contains(type);
    assertThat(answer.body().endsWith("# EOF\n")).isEqualTo(type.contains("openmetrics"));
    assertThat(new Exposition(answer.body()).names()).contains("retort_build_info");
  }

  @Test
  void metrics_clientsThatLeaveAndNonsense_areCountedAsSuch() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      socket
          .getOutputStream()
          .write("POST /predict HTTP/1.1\r\ncontent-length: 9\r\n\r\n".getBytes());
      until("retort_http_requests_active", 2);
    }
    try (Socket socket = new Socket("127.0.0.1", node.port())) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\nno colon here\r\n\r\n".getBytes());
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
          .isEqualTo("HTTP/1.1 400");
    }

    until(REQUESTS, 1, PREDICT, "status=\"499\"");
    until(ERRORS, 1, "code=\"client_gone\"");
    until(REQUESTS, 1, "route=\"unreadable\"", "status=\"400\"");
    until("retort_http_requests_active", 1);
  }

  @Test
  void metrics_http2_isCountedLikeHttp1() throws Exception {
    TrialCertificate certificate = TrialCertificate.make(home, "server");
    Map<String, Object> flags = new HashMap<>(certificate.settings());
    flags.put("security.tlsHttp2", "true");
    try (TrialNode secured = TrialNode.start(home, flags, "inference", "http")) {
      secured.awaitLive("student", "1");
      HttpClientAgent client =
          secured
              .vertx()
              .createHttpClient(
                  certificate.trusting().setUseAlpn(true).setProtocolVersion(HttpVersion.HTTP_2));
      for (int i = 0; i < 20; i++) {
        String id = "id-" + i;
        HttpClientResponse answer =
            await(
                client
                    .request(HttpMethod.POST, secured.port(), "127.0.0.1", "/predict")
                    .compose(
                        request -> request.putHeader("x-request-id", id).send(body(digit(1)))));
        assertThat(answer.version()).isEqualTo(HttpVersion.HTTP_2);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.getHeader("x-request-id")).isEqualTo(id);
      }
      Buffer scraped =
          await(
              client
                  .request(HttpMethod.GET, secured.port(), "127.0.0.1", "/metrics")
                  .compose(request -> request.send().compose(HttpClientResponse::body)));
      Exposition exposition = new Exposition(scraped.toString());
      assertThat(exposition.sum(REQUESTS, PREDICT, "status=\"200\"")).isEqualTo(20);
      assertThat(exposition.sum("retort_http_requests_active")).as("the scrape").isEqualTo(1);
    }
  }

  @Test
  void metrics_openFeed_isOneFeedAndNoRequestUnderWay() throws Exception {
    WebSocketClient client = node.vertx().createWebSocketClient();
    WebSocket socket = await(client.connect(node.port(), "127.0.0.1", "/v1/progress"));

    Exposition open = scrape();
    assertThat(open.sum("retort_http_feeds")).isEqualTo(1);
    assertThat(open.sum("retort_http_requests_active")).as("the scrape itself").isEqualTo(1);
    assertThat(open.sum(REQUESTS, "route=\"/v1/progress\"", "101")).isEqualTo(1);

    CompletableFuture<Void> closed = new CompletableFuture<>();
    socket.closeHandler(closed::complete);
    socket.close();
    closed.get();
    until("retort_http_feeds", 0);
    assertThat(scrape().sum(REQUESTS, "route=\"/v1/progress\"")).isEqualTo(1);
  }

  private void until(String name, double value, String... labels) throws Exception {
    for (int i = 0; i < 600 && scrape().sum(name, labels) != value; i++) {
      Thread.sleep(10);
    }
    assertThat(scrape().sum(name, labels)).as(name).isEqualTo(value);
  }

  private Exposition scrape() throws Exception {
    HttpResponse<String> answer = node.get("/metrics");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new Exposition(answer.body());
  }
}
