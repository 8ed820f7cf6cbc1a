package io.retort.http;

import static io.retort.TrialNode.body;
import static io.retort.TrialNode.digit;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that come by HTTP: none becomes a path out of the store. */
class NamesOfUrlsTest {
  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws Exception {
    TrialNode.putLive(home, "student", Architecture.mlp(Shape.of(784), 16, 10), 1);
    Files.writeString(home.resolve("secret.json"), "{\"kept\": \"out-of-reach\"}");
    node = TrialNode.start(home, Map.of(), "inference", "training", "cache", "http");
    node.awaitLive("student", "1");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..",
        "../student",
        "..%2f..%2fsecret.json",
        "..%5c..%5csecret.json",
        "%2e%2e%2fsecret.json",
        "%252e%252e%252fsecret.json",
        "a%00b",
        "a%0d%0ax-injected:%201",
        "....//secret.json",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "student%2f1",
        "%c0%ae%c0%ae%2fsecret.json",
        "%ef%bc%8e%ef%bc%8e/secret.json",
        "~",
        ".",
        "con",
        "%F0%9F%92%A5",
        "%",
        "%zz",
        "*",
        "$(id)",
        "-rf",
        "student;v=1",
      })
  void name_ofAUrl_leavesTheStoreNowhere(String name) throws Exception {
    Set<String> before = files();
    for (String path :
        new String[] {
          "/v1/jobs/%s",
          "/v1/jobs/%s/progress",
          "/v1/models/%s",
          "/v2/models/%s",
          "/v2/models/%s/infer"
        }) {
      for (String method : new String[] {"GET", "DELETE", "POST"}) {
        String target = path.formatted(name);
        try (Socket socket = new Socket("127.0.0.1", node.port())) {
          socket.setSoTimeout(20_000);
          String request =
              method
                  + " "
                  + target
                  + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n!!";
          socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
          String answer =
              new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          assertThat(answer)
              .as(method + " " + target)
              .matches("(?s)HTTP/1.1 (4\\d\\d|200) .*")
              .doesNotContain(
                  "out-of-reach", "root:", "\nx-injected", home.toString(), "Exception");
        }
      }
    }
    String asModel = new JsonObject(body(digit(1))).put("model", name).encode();
    assertThat(node.post("/predict", asModel).statusCode()).isEqualTo(404);
    String asVersion = new JsonObject(body(digit(1))).put("version", name).encode();
    assertThat(node.post("/predict", asVersion).statusCode()).isBetween(400, 404);
    assertThat(files()).isEqualTo(before);
  }

  @Test
  void name_ofManyBytes_isRefused() throws Exception {
    String asModel = new JsonObject(body(digit(1))).put("model", "m".repeat(1_000_000)).encode();

    HttpResponse<String> answer = node.post("/predict", asModel);

    assertThat(answer.statusCode()).isEqualTo(404);
  }

  private static Set<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(home)) {
      return files.map(Path::toString).collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
