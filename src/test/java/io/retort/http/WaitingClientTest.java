package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialCertificate;
import io.retort.TrialModel;
import io.retort.TrialNode;
import io.retort.bus.Asker;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WaitingClientTest {
  private static final String BODY = "{\"features\":[1]}";

  @TempDir static Path home;
  private static TrialCertificate certificate;
  private TrialNode node;
  private TrialModel model;

  @BeforeAll
  static void certify() throws Exception {
    certificate = TrialCertificate.make(home, "server");
  }

  @BeforeEach
  void start() {
    Map<String, Object> flags = new HashMap<>(certificate.settings());
    flags.put("security.tlsHttp2", "true");
    node = TrialNode.start(home, flags, "http", "cache");
    model = new TrialModel(node.bus());
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  void gone_connectionClosed_isNoticedAndOthersStay(HttpVersion version) throws Exception {
    HttpClient leaving = client(version);
    HttpClient staying = client(version);
    send(leaving);
    Asker gone = model.next().request().asker();
    send(staying);
    TrialModel.Question stays = model.next();
    assertThat(gone.gone()).isFalse();

    TrialNode.await(leaving.close());

    awaitGone(gone);
    assertThat(stays.request().asker().gone()).isFalse();
    stays.reply("1", 1);
  }

  @Test
  void gone_streamReset_isNoticedWhileTheConnectionStays() throws Exception {
    HttpClient client = client(HttpVersion.HTTP_2);
    HttpClientRequest request = send(client);
    Asker gone = model.next().request().asker();
    send(client);
    TrialModel.Question stays = model.next();

    request.reset();

    awaitGone(gone);
    assertThat(stays.request().asker().gone()).isFalse();
    stays.reply("1", 1);
  }

  @Test
  void gone_askerOfTheInferenceProtocol_isNoticed() throws Exception {
    HttpClient client = client(HttpVersion.HTTP_1_1);
    String tensor = "{\"name\":\"features\",\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[1]}";
    send(client, "/v2/models/student/infer", "{\"inputs\":[" + tensor + "]}");
    Asker gone = model.next().request().asker();
    assertThat(gone.gone()).isFalse();

    TrialNode.await(client.close());

    awaitGone(gone);
  }

  private HttpClient client(HttpVersion version) {
    return node.vertx()
        .createHttpClient(
            certificate
                .trusting()
                .setUseAlpn(version == HttpVersion.HTTP_2)
                .setProtocolVersion(version));
  }

  private HttpClientRequest send(HttpClient client) {
    return send(client, "/predict", BODY);
  }

  private HttpClientRequest send(HttpClient client, String path, String body) {
    HttpClientRequest request =
        TrialNode.await(client.request(HttpMethod.POST, node.port(), "127.0.0.1", path));
    request.putHeader("content-type", "application/json").end(body);
    return request;
  }

  private static void awaitGone(Asker asker) throws InterruptedException {
    for (int i = 0; i < 1000 && !asker.gone(); i++) {
      Thread.sleep(10);
    }
    assertThat(asker.gone()).isTrue();
  }
}
