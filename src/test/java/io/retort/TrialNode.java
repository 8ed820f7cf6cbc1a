package io.retort;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.ModelVersion;
import io.retort.bus.Nothing;
import io.retort.config.Node;
import io.retort.config.Verticles;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Variables;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import io.retort.nn.Architecture;
import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A node of real verticles on a free port, with its models and jobs below one directory, for tests.
 */
public final class TrialNode implements AutoCloseable {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Node node;
  private final Path home;

  private TrialNode(Node node, Path home) {
    this.node = node;
    this.home = home;
  }

  /** A node without training, with a student and a teacher that answer. */
  public static TrialNode serving(Path home) throws InterruptedException {
    putLive(home, "student", Architecture.named("student"), 1);
    putLive(home, "teacher", Architecture.mlp(Shape.of(784), 16, 10), 1);
    TrialNode node = start(home, Map.of(), "inference", "cache", "http");
    node.awaitLive("student", "1");
    node.awaitLive("teacher", "1");
    return node;
  }

  /**
   * Starts the named parts.
   *
   * @param flags settings by key, as {@code cache.ttlSeconds}
   */
  public static TrialNode start(Path home, Map<String, Object> flags, String... parts) {
    JsonArray entries = new JsonArray();
    for (String part : parts) {
      String name = Character.toUpperCase(part.charAt(0)) + part.substring(1) + "Verticle";
      JsonObject config = new JsonObject();
      if (part.equals("inference") || part.equals("training")) {
        config.put("modelsDirectory", home.resolve("models").toString());
      }
      if (part.equals("training")) {
        config.put("jobsDirectory", home.resolve("jobs").toString());
      }
      if (part.equals("http") || part.equals("grpc")) {
        config.put("port", 0);
      }
      if (part.equals("http")) {
        config.put("lingerMillis", 0);
      }
      entries.add(
          new JsonObject()
              .put("name", part)
              .put("verticle", "io.retort." + part + "." + name)
              .put("config", config));
    }
    String text = new JsonObject().put("verticles", entries).encode();
    return new TrialNode(await(Node.start(Verticles.parse(text, Map.of(), flags))), home);
  }

  /** Saves a version of a model with random weights and makes it live. */
  public static ModelCard putLive(Path home, String model, Architecture architecture, long seed) {
    ModelCard card = put(home, model, architecture, seed);
    try (ModelStore store = ModelStore.open(home.resolve("models"))) {
      store.promote(model, card.version());
      return card;
    }
  }

  /** Saves a version of a model with random weights. */
  public static ModelCard put(Path home, String model, Architecture architecture, long seed) {
    try (ModelStore store = ModelStore.open(home.resolve("models"))) {
      return store.save(
          model, architecture, weights(architecture, seed), Map.of("accuracy", 0.1), null, null);
    }
  }

  /** Random weights, as a training run begins with. */
  public static Map<String, HostTensor> weights(Architecture architecture, long seed) {
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Variables variables = new Variables(device)) {
      Graph graph = new Graph(Mode.INFERENCE);
      int[] sample = architecture.input().dims();
      int[] one = new int[sample.length + 1];
      one[0] = 1;
      System.arraycopy(sample, 0, one, 1, sample.length);
      architecture.build(graph, "model", graph.input("x", Shape.of(one), DType.FLOAT32));
      variables.declare(graph, seed);
      Map<String, HostTensor> weights = new LinkedHashMap<>();
      architecture.variables().keySet().forEach(k -> weights.put(k, variables.get("model/" + k)));
      return weights;
    }
  }

  /** Numbers in [0, 1), most of them 0, as digits have. */
  public static float[] digit(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] features = new float[784];
    for (int i = 0; i < features.length; i++) {
      features[i] = random.nextInt(4) == 0 ? random.nextInt(256) / 255f : 0;
    }
    return features;
  }

  public static String body(float[] features) {
    JsonArray list = new JsonArray();
    for (float value : features) {
      list.add(value);
    }
    return new JsonObject().put("features", list).encode();
  }

  public static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException e) {
      throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public Vertx vertx() {
    return node.vertx();
  }

  public Bus bus() {
    return Bus.of(node.vertx());
  }

  public Path home() {
    return home;
  }

  public int port() {
    return (Integer) node.vertx().sharedData().getLocalMap("retort.http").get("port");
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  /** Waits until the live version of a model is the given one. */
  public void awaitLive(String model, String version) throws InterruptedException {
    for (int i = 0; i < 600; i++) {
      boolean live =
          await(bus().request(Addresses.MODELS_LIVE, Nothing.NOTHING)).models().stream()
              .anyMatch(m -> m.model().equals(model) && m.version().equals(version));
      if (live) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(model + " " + version + " is not live after 30 s");
  }

  public void announcePromoted(ModelCard card) {
    bus().publish(Addresses.MODEL_PROMOTED, new ModelVersion(card.name(), card.version()));
  }

  public HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(path)).GET());
  }

  public HttpResponse<String> post(String path, String body)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  public HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  @Override
  public void close() {
    await(node.stop());
  }
}
