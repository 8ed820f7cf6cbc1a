package io.retort.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Properties;

/**
 * The contract: {@code /openapi.yaml}, and {@code /docs}, a page that shows it and asks this node.
 * The page is Swagger UI's, out of the jar: a browser fetches nothing from elsewhere.
 */
final class DocumentRoutes {
  static final String DOCUMENT = "/openapi.yaml";
  static final String PAGE = "/docs";

  /** Swagger UI's style sheet has its images as data. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final Map<String, String> TYPES =
      Map.of(
          "page.js", "text/javascript; charset=utf-8",
          "swagger-ui.css", "text/css; charset=utf-8",
          "swagger-ui-bundle.js", "text/javascript; charset=utf-8");

  private final Vertx vertx;

  DocumentRoutes(Vertx vertx) {
    this.vertx = vertx;
  }

  void mount(Router router) {
    router.get(DOCUMENT).handler(context -> send(context, "openapi.yaml", "application/yaml"));
    router.get(PAGE).handler(this::page);
    router.get(PAGE + "/:file").handler(this::file);
  }

  /** The addresses in the page are relative to one without a slash at its end. */
  private void page(RoutingContext context) {
    if (context.request().path().endsWith("/")) {
      context.redirect("../docs");
      return;
    }
    send(context, "docs/page.html", "text/html; charset=utf-8");
  }

  private void file(RoutingContext context) {
    String name = context.pathParam("file");
    String type = TYPES.get(name);
    if (type == null) {
      context.fail(404);
      return;
    }
    send(context, "docs/" + name, type);
  }

  /** Read anew each time: few ask, and a megabyte and a half need not stay in memory for them. */
  private void send(RoutingContext context, String name, String type) {
    vertx
        .executeBlocking(() -> read(name), false)
        .onSuccess(
            bytes ->
                context
                    .response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, type)
                    .putHeader("content-security-policy", POLICY)
                    .putHeader("x-content-type-options", "nosniff")
                    .putHeader("referrer-policy", "no-referrer")
                    .end(bytes))
        .onFailure(failure -> Answers.failure(context.request(), failure));
  }

  private static Buffer read(String name) throws IOException {
    ClassLoader loader = DocumentRoutes.class.getClassLoader();
    InputStream own = loader.getResourceAsStream(name);
    if (own == null) {
      own = loader.getResourceAsStream(swaggerUi(loader) + name.substring(name.indexOf('/')));
    }
    try (InputStream in = own) {
      if (in == null) {
        throw new FileNotFoundException(name + " must be in the jar");
      }
      return Buffer.buffer(in.readAllBytes());
    }
  }

  /** The folder's name has the version in it, which the jar tells. */
  private static String swaggerUi(ClassLoader loader) throws IOException {
    Properties made = new Properties();
    try (InputStream in =
        loader.getResourceAsStream("META-INF/maven/org.webjars/swagger-ui/pom.properties")) {
      if (in != null) {
        made.load(in);
      }
    }
    return "META-INF/resources/webjars/swagger-ui/" + made.getProperty("version");
  }
}
