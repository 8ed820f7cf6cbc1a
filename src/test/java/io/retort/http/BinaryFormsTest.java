package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialModel;
import io.retort.TrialNode;
import io.retort.bus.LiveModel;
import io.retort.bus.PredictRequest;
import io.retort.bus.Traffic;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BinaryFormsTest {
  private static final String OCTETS = "application/octet-stream";
  private static final String FORM = "multipart/form-data; boundary=----edge";

  @TempDir static Path home;
  private static TrialNode node;

  @BeforeAll
  static void start() throws InterruptedException {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    TrialNode.putLive(home, "flat", Architecture.mlp(Shape.of(784), 16, 10), 1);
    TrialNode.putLive(home, "numbers", Architecture.mlp(Shape.of(5), 3), 1);
    node = TrialNode.start(home, Map.of("http.maxImagePixels", 10_000), "inference", "http");
    for (String model : List.of("student", "flat", "numbers")) {
      node.awaitLive(model, "1");
    }
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"student", "flat"})
  void predict_onePictureInEveryForm_isOnePrediction(String model) throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      byte[] pixels = pixels(seed);
      String json = new JsonObject(TrialNode.body(scaled(pixels))).put("model", model).encode();
      JsonArray expected = prediction(node.post("/predict", json));
      String path = "/predict?model=" + model;

      assertThat(prediction(post(path, OCTETS, floats(pixels)))).isEqualTo(expected);
      assertThat(prediction(post(path, OCTETS, pixels))).isEqualTo(expected);
      assertThat(prediction(post(path + "&dtype=uint8", OCTETS, pixels))).isEqualTo(expected);
      assertThat(prediction(post(path, "image/png", png(pixels, 1)))).isEqualTo(expected);
      assertThat(prediction(post(path, "image/png", png(pixels, 3)))).isEqualTo(expected);
      assertThat(prediction(post(path, FORM, form(png(pixels, 1))))).isEqualTo(expected);
      assertThat(prediction(post(path + "&invert=true", "image/png", png(inverted(pixels), 1))))
          .isEqualTo(expected);
    }
  }

  @Test
  void predict_severalRows_areAnsweredInTheirOrder() throws Exception {
    byte[] first = pixels(1);
    byte[] second = pixels(2);
    byte[] both = ByteBuffer.allocate(1568).put(first).put(second).array();
    JsonArray expected = new JsonArray();
    for (byte[] each : List.of(first, second)) {
      expected.addAll(prediction(node.post("/predict", TrialNode.body(scaled(each)))));
    }

    JsonArray asFloats = prediction(post("/predict", OCTETS, floats(both)));
    assertThat(asFloats.size()).isEqualTo(2);
    assertThat(prediction(post("/predict?dtype=uint8", OCTETS, both))).isEqualTo(asFloats);
    assertThat(prediction(post("/predict", FORM, form(png(first, 1), png(second, 1)))))
        .isEqualTo(asFloats);
    for (int i = 0; i < 20; i++) {
      assertThat(asFloats.getJsonArray(i / 10).getDouble(i % 10))
          .isCloseTo(
              expected.getJsonArray(i / 10).getDouble(i % 10),
              org.assertj.core.data.Offset.offset(1e-6));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "?model=nobody,404,unknown_model,nobody",
    "?version=9,404,unknown_version,9",
    "?dtype=int4,400,invalid_request,dtype must be float32 or uint8: int4",
    "?dtype=float32,400,invalid_features,784 bytes came",
  })
  void predict_wrongQuery_isAClearError(String query, int status, String code, String sentence)
      throws Exception {
    requireError(post("/predict" + query, OCTETS, pixels(1)), status, code, sentence);
  }

  @Test
  void predict_badBytes_areClearErrors() throws Exception {
    byte[] png = png(pixels(1), 1);
    byte[] large = PicturesTest.png(new BufferedImage(101, 100, BufferedImage.TYPE_BYTE_GRAY));
    byte[] noise = "no picture".getBytes(StandardCharsets.US_ASCII);

    requireError(post("/predict", OCTETS, new byte[100]), 400, "invalid_features", "784 numbers");
    requireError(post("/predict", "image/png", noise), 400, "invalid_image", "PNG or a JPEG");
    requireError(post("/predict", "image/jpeg", large), 400, "invalid_image", "10000 pixels");
    requireError(post("/predict", FORM, form(large)), 400, "invalid_image", "10000 pixels");
    requireError(post("/predict", FORM, form(png, noise)), 400, "invalid_image", "picture 1 must");
    requireError(post("/predict", FORM, form()), 400, "invalid_image", "it holds none");
    requireError(post("/predict", FORM, noise), 400, "invalid_", "form");
    requireError(post("/predict", "multipart/form-data", noise), 400, "invalid_request", "form");
    requireError(
        post("/predict?model=numbers", "image/png", png), 400, "invalid_image", "shape [5]");
    requireError(
        post("/predict?invert=yes", "image/png", png), 400, "invalid_request", "invert must be");
  }

  @Test
  void predict_morePartsThanRows_isRefused() throws Exception {
    byte[][] parts = new byte[1025][];
    java.util.Arrays.fill(parts, new byte[] {1});

    requireError(post("/predict", FORM, form(parts)), 400, "batch_too_large", "1024 parts");
  }

  @Test
  void predict_affinityAndNames_reachTheModelInEveryForm(@TempDir Path elsewhere) throws Exception {
    try (TrialNode alone = TrialNode.start(elsewhere, Map.of(), "http")) {
      TrialModel model = new TrialModel(alone.bus());
      model.announce(new LiveModel("student", "1", 4, 1, true, List.of(1, 2, 2), Traffic.all("1")));
      byte[] png = PicturesTest.png(new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY));
      String json = "{\"features\":[0,0,0,0],\"model\":\"student\",\"version\":\"1\"}";
      Map<String, byte[]> bodies =
          Map.of(
              "application/json",
              json.getBytes(StandardCharsets.US_ASCII),
              OCTETS,
              new byte[16],
              "image/png",
              png,
              FORM,
              form(png));
      for (Map.Entry<String, byte[]> body : bodies.entrySet()) {
        HttpRequest request =
            request(alone, "/predict?model=student&version=1", body.getKey(), body.getValue())
                .header("x-retort-affinity", "user-7")
                .build();
        var answer =
            java.net.http.HttpClient.newHttpClient()
                .sendAsync(request, HttpResponse.BodyHandlers.ofString());

        TrialModel.Question asked = model.next();
        assertThat(asked.request())
            .returns("user-7", PredictRequest::affinity)
            .returns("student", PredictRequest::model)
            .returns("1", PredictRequest::version)
            .returns(1, PredictRequest::rows);
        assertThat(asked.request().features()).containsOnly(0f).hasSize(4);
        assertThat(asked.request().timeoutMillis()).isBetween(1L, 10_000L);
        asked.reply("1", 0.5f);
        assertThat(answer.get().statusCode()).isEqualTo(200);
      }
    }
  }

  @Test
  void predict_noModelYet_isNotReadyAndThenServed(@TempDir Path elsewhere) throws Exception {
    try (TrialNode alone = TrialNode.start(elsewhere, Map.of(), "http")) {
      HttpRequest.Builder request = request(alone, "/predict", OCTETS, new byte[16]);
      requireError(alone.send(request), 503, "not_ready", "no model answers yet");
      TrialModel model = new TrialModel(alone.bus());
      model.announce();
      requireError(alone.send(request), 503, "not_ready", "no model answers yet");

      model.serve("student", "1", Traffic.all("1"));
      var answer =
          java.net.http.HttpClient.newHttpClient()
              .sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
      model.next().reply("1", 1);

      assertThat(answer.get().statusCode()).isEqualTo(200);
    }
  }

  private static JsonArray prediction(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new JsonObject(answer.body()).getJsonArray("prediction");
  }

  private static HttpResponse<String> post(String path, String type, byte[] body)
      throws IOException, InterruptedException {
    return node.send(request(node, path, type, body));
  }

  private static HttpRequest.Builder request(
      TrialNode node, String path, String type, byte[] body) {
    return HttpRequest.newBuilder(node.uri(path))
        .header("content-type", type)
        .POST(BodyPublishers.ofByteArray(body));
  }

  private static byte[] pixels(long seed) {
    byte[] pixels = new byte[784];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (random.nextInt(4) == 0 ? random.nextInt(256) : 0);
    }
    return pixels;
  }

  private static byte[] inverted(byte[] pixels) {
    byte[] inverted = new byte[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      inverted[i] = (byte) (255 - (pixels[i] & 0xff));
    }
    return inverted;
  }

  private static float[] scaled(byte[] pixels) {
    float[] values = new float[pixels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (pixels[i] & 0xff) / 255f;
    }
    return values;
  }

  private static byte[] floats(byte[] pixels) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(scaled(pixels));
    return bytes.array();
  }

  private static byte[] png(byte[] pixels, int channels) throws IOException {
    BufferedImage image =
        new BufferedImage(
            28, 28, channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < pixels.length; i++) {
      for (int band = 0; band < channels; band++) {
        image.getRaster().setSample(i % 28, i / 28, band, pixels[i] & 0xff);
      }
    }
    return PicturesTest.png(image);
  }

  private static byte[] form(byte[]... files) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(part("; name=\"note\"", "text".getBytes(StandardCharsets.US_ASCII)));
    for (byte[] file : files) {
      out.writeBytes(part("; name=\"file\"; filename=\"7.png\"", file));
    }
    out.writeBytes("------edge--\r\n".getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  private static byte[] part(String what, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String head = "------edge\r\ncontent-disposition: form-data" + what + "\r\n\r\n";
    out.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(content);
    out.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  private static void requireError(
      HttpResponse<String> answer, int status, String code, String sentence) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonObject json = new JsonObject(answer.body());
    assertThat(json.getString("code")).startsWith(code);
    assertThat(json.getString("error")).contains(sentence);
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", home.toString());
  }
}
