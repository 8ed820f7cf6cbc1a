package io.retort.http;

import static io.retort.http.Contract.list;
import static io.retort.http.Contract.map;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.retort.TrialNode;
import io.retort.bus.Failure;
import io.retort.http.Contract.Operation;
import io.retort.nn.Architecture;
import io.retort.security.Access;
import io.retort.tensor.Shape;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Route;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code openapi.yaml} against the routes that there are, and against what they really answer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ContractTest {
  /** Nobody is left to read its answer. */
  private static final Set<Failure> UNSEEN = Set.of(Failure.CLIENT_GONE);

  /** The model that is changed, of three versions; the others' answers do not depend on it. */
  private static final String SPARE = "spare";

  private static final String JSON = "application/json";

  private final Contract contract = Contract.read();
  private final SchemaCheck schemas = new SchemaCheck(contract);
  private final Map<String, String> parameters = new LinkedHashMap<>();
  @TempDir static Path home;
  private TrialNode node;
  private String running;

  @BeforeAll
  void start() throws Exception {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    for (int version = 1; version <= 3; version++) {
      TrialNode.putLive(home, SPARE, Architecture.mlp(Shape.of(4), 3, 2), version);
    }
    node = TrialNode.start(home, Map.of(), "inference", "training", "cache", "http");
    node.awaitLive("student", "1");
    node.awaitLive(SPARE, "3");
    running = submit();
    parameters.put("id", submit());
  }

  /** A job that would run for minutes. */
  private String submit() throws Exception {
    HttpResponse<String> answer = node.post("/v1/jobs", "{\"recipe\":\"hinton-mnist-hard\"}");
    return new JsonObject(answer.body()).getString("id");
  }

  @AfterAll
  void stop() throws Exception {
    for (String job : List.of(running, parameters.get("id"))) {
      node.send(HttpRequest.newBuilder(node.uri("/v1/jobs/" + job)).DELETE());
    }
    node.close();
  }

  @Test
  void contract_itsOperations_areTheRoutersRoutes() {
    HttpVerticle http = new HttpVerticle();
    JsonObject freePort = new JsonObject().put("port", 0);
    TrialNode.await(node.vertx().deployVerticle(http, new DeploymentOptions().setConfig(freePort)));

    Set<String> routes =
        http.router().getRoutes().stream()
            .filter(route -> route.getPath() != null)
            .flatMap(ContractTest::operations)
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(routes)
        .isEqualTo(
            contract.operations().stream()
                .map(Operation::toString)
                .collect(Collectors.toCollection(TreeSet::new)));
  }

  private static Stream<String> operations(Route route) {
    assertThat(route.methods()).as("methods of " + route.getPath()).isNotEmpty();
    String path = route.getPath().replaceAll(":([a-z]+)", "{$1}");
    return route.methods().stream().map(HttpMethod::name).map(method -> method + " " + path);
  }

  @Test
  void contract_itsCodes_areTheFailures() {
    Map<String, Object> code =
        map(
            map(contract.resolve(Map.of("$ref", "#/components/schemas/Error")).get("properties"))
                .get("code"));

    Set<Failure> seen = new TreeSet<>(Set.of(Failure.values()));
    seen.removeAll(UNSEEN);
    assertThat(list(code.get("enum")))
        .containsExactlyElementsOf(seen.stream().map(Failure::code).toList());
    String table = (String) code.get("description");
    assertThat(seen)
        .allSatisfy(
            failure ->
                assertThat(table)
                    .contains("| `%s` | %d |".formatted(failure.code(), failure.status())));
  }

  @Test
  void contract_itsOperations_haveNamesOfTheirOwn() {
    assertThat(contract.operations())
        .extracting(operation -> operation.content().get("operationId"))
        .doesNotContainNull()
        .doesNotHaveDuplicates();
  }

  @Test
  void routes_askedBeforeTheRouter_areInItToo() {
    JavaClass routes = new ClassFileImporter().importClasses(Routes.class).get(Routes.class);
    Set<String> asked =
        routes.getMethod("handle", HttpServerRequest.class).getMethodCallsFromSelf().stream()
            .map(call -> call.getTargetOwner().getSimpleName())
            .filter(owner -> owner.endsWith("Route"))
            .collect(Collectors.toSet());

    assertThat(asked).isNotEmpty();
    assertThat(routes.getMethod("router").getMethodCallsFromSelf())
        .filteredOn(call -> call.getName().equals("mount"))
        .extracting(call -> call.getTargetOwner().getSimpleName())
        .containsAll(asked);
  }

  @ParameterizedTest
  @MethodSource("operations")
  void operation_itsSecurity_isWhatTheGuardAsksFor(Operation operation) {
    Set<Object> roles = new HashSet<>();
    for (Object scheme : list(operation.content().get("security"))) {
      roles.addAll(map(scheme).values());
    }
    Access access = Access.of(operation.method(), place(operation));

    switch (access) {
      case OPEN -> assertThat(roles).isEmpty();
      case ANY, METRICS -> assertThat(roles).containsExactly(List.of());
      default -> assertThat(roles).containsExactly(List.of(access.name().toLowerCase(Locale.ROOT)));
    }
  }

  List<Operation> operations() {
    return contract.operations();
  }

  @ParameterizedTest
  @MethodSource("operations")
  void operation_asInItsExamples_answersAsPromised(Operation operation) throws Exception {
    Map<String, Object> media = requestMedia(operation);
    if (media.isEmpty()) {
      require(operation, send(operation, null, null), 200, 299);
    }
    for (Map.Entry<String, Object> type : media.entrySet()) {
      Map<String, Object> content = map(type.getValue());
      if (!type.getKey().equals(JSON)) {
        require(operation, sendBytes(operation, type.getKey()), 200, 299);
        continue;
      }
      Map<String, Object> examples = contract.examples(content);
      assertThat(examples).as("examples of " + type.getKey()).isNotEmpty();
      for (Object example : examples.values()) {
        assertThat(schemas.faults(content.get("schema"), example)).isEmpty();
        require(operation, send(operation, type.getKey(), Json.encode(example)), 200, 299);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void operation_badBody_isRefusedAsPromised(Operation operation) throws Exception {
    if (!requestMedia(operation).containsKey(JSON)) {
      return;
    }
    for (String body : List.of("no json", "[1]", "\"text\"", "{\"features\":{}}")) {
      HttpResponse<String> answer = send(operation, JSON, body);
      require(operation, answer, 400, 499);
      assertThat(Contract.names(operation, answer.statusCode()))
          .as("%s names %d", operation, answer.statusCode())
          .isTrue();
    }
    require(operation, send(operation, "text/plain", "text"), 415, 415);
  }

  private Map<String, Object> requestMedia(Operation operation) {
    Object body = operation.content().get("requestBody");
    return body == null ? Map.of() : map(contract.resolve(body).get("content"));
  }

  /** One row, in a body that no example can show. */
  private HttpResponse<String> sendBytes(Operation operation, String type) throws Exception {
    byte[] body =
        switch (type) {
          case "application/octet-stream" -> new byte[784 * Float.BYTES];
          case "image/png" -> picture("png");
          case "image/jpeg" -> picture("jpeg");
          case "multipart/form-data" -> form(picture("png"));
          default -> throw new AssertionError("this test has no body of the type " + type);
        };
    return node.send(
        HttpRequest.newBuilder(node.uri(place(operation)))
            .header("content-type", type + "; boundary=edge")
            .header("inference-header-content-length", "0")
            .POST(BodyPublishers.ofByteArray(body)));
  }

  private static byte[] picture(String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(
            ImageIO.write(new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY), format, bytes))
        .isTrue();
    return bytes.toByteArray();
  }

  private static byte[] form(byte[] file) {
    String head =
        "--edge\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"digit.png\"\r\n"
            + "content-type: image/png\r\n\r\n";
    return Buffer.buffer(head).appendBytes(file).appendString("\r\n--edge--\r\n").getBytes();
  }

  private HttpResponse<String> send(Operation operation, String type, String body)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(node.uri(place(operation)));
    if (type != null) {
      request.header("content-type", type);
    }
    return node.send(
        request.method(
            operation.method(),
            body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body)));
  }

  /**
   * The operation's path with a value for each parameter: the test's, or the contract's example.
   */
  private String place(Operation operation) {
    String place = operation.path();
    Map<String, Object> item = map(map(contract.document().get("paths")).get(operation.path()));
    for (Object each : list(item.getOrDefault("parameters", List.of()))) {
      Map<String, Object> parameter = contract.resolve(each);
      String name = (String) parameter.get("name");
      String example = parameters.getOrDefault(name, (String) parameter.get("example"));
      if (name.equals("model") && !place.startsWith("/v2/models/")) {
        example = SPARE;
      }
      place = place.replace("{" + name + "}", example);
    }
    assertThat(place).doesNotContain("{");
    return place;
  }

  private void require(Operation operation, HttpResponse<String> answer, int from, int to) {
    assertThat(answer.statusCode()).as("%s: %s", operation, answer.body()).isBetween(from, to);
    Map<String, Object> response = contract.response(operation, answer.statusCode());
    String type = answer.headers().firstValue("content-type").orElseThrow();
    Map<String, Object> media = map(map(response.get("content")).get(type.split(";")[0]));
    assertThat(media).as("%s answers %s", operation, type).isNotNull();
    if (type.equals(JSON)) {
      Object body = plain(Json.decodeValue(answer.body()));
      assertThat(schemas.faults(media.get("schema"), body)).as(answer.body()).isEmpty();
    }
  }

  private static Object plain(Object json) {
    return json instanceof JsonObject object
        ? object.getMap()
        : json instanceof JsonArray array ? array.getList() : json;
  }
}
