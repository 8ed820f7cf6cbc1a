package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentRoutesTest {
  private static final Pattern ADDRESSES = Pattern.compile("(?:src|href)=\"([^\"]*)\"");
  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() {
    node = TrialNode.start(home, Map.of(), "http");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void document_asked_isTheFile() throws Exception {
    HttpResponse<String> answer = node.get("/openapi.yaml");

    assertThat(answer.headers().firstValue("content-type")).contains("application/yaml");
    byte[] file = getClass().getResourceAsStream("/openapi.yaml").readAllBytes();
    assertThat(answer.body()).isEqualTo(new String(file, StandardCharsets.UTF_8));
  }

  @Test
  void page_everythingItNames_isServedHere() throws Exception {
    String page = node.get("/docs").body();
    List<String> addresses =
        ADDRESSES.matcher(page).results().map((MatchResult found) -> found.group(1)).toList();

    assertThat(addresses).hasSizeGreaterThan(3);
    for (String address : addresses) {
      if (!address.startsWith("data:")) {
        assertThat(address).doesNotContain(":", "//");
        assertThat(node.get("/" + address).statusCode()).as(address).isEqualTo(200);
      }
    }
    assertThat(node.get("/docs/page.js").body()).contains("'openapi.yaml'").doesNotContain("://");
  }

  @Test
  void page_itsPolicy_allowsThisNodeAlone() throws Exception {
    HttpResponse<String> answer = node.get("/docs");

    String policy = answer.headers().firstValue("content-security-policy").orElseThrow();
    assertThat(policy).contains("default-src 'none'", "script-src 'self'");
    assertThat(policy).doesNotContain("unsafe", "http", "*");
    assertThat(answer.body()).doesNotContain("<style", "style=", "onload", "<script>");
  }

  @Test
  void page_withASlash_leadsToTheOneWithout() throws Exception {
    HttpResponse<String> answer = node.get("/docs/");

    assertThat(answer.statusCode()).isEqualTo(302);
    assertThat(answer.headers().firstValue("location")).contains("../docs");
  }

  @ParameterizedTest
  @CsvSource({
    "page.js, text/javascript, SwaggerUIBundle",
    "swagger-ui.css, text/css, .swagger-ui",
    "swagger-ui-bundle.js, text/javascript, SwaggerUIBundle"
  })
  void file_asked_isServedAsItsType(String file, String type, String text) throws Exception {
    HttpResponse<String> answer = node.get("/docs/" + file);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type").orElseThrow()).startsWith(type);
    assertThat(answer.headers().firstValue("x-content-type-options")).contains("nosniff");
    assertThat(answer.body()).contains(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"swagger-ui.js", "index.html", "page.html", "..%2fopenapi.yaml", "%00", "a/b"})
  void file_another_is404(String file) throws Exception {
    HttpResponse<String> answer = node.get("/docs/" + file);

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("unknown_route");
  }
}
