package io.retort.cli;

import io.retort.config.Verticles;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Flags of the commands that start verticles. */
final class NodeOptions {
  @Option(
      names = "--verticles",
      paramLabel = "FILE",
      description =
          "which verticles run and how (default: verticles.json here, else the built-in one)")
  private Path verticles;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "address to listen on (default: 127.0.0.1)")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "port to listen on, 0 for any free one (default: 5000)")
  private Integer port;

  @Option(
      names = "--grpc-port",
      paramLabel = "N",
      description =
          "port of the Open Inference Protocol over gRPC, 0 for any free one (default: none)")
  private Integer grpcPort;

  @Option(names = "--models", paramLabel = "DIR", description = "the model store (default: models)")
  private Path models;

  /** As {@link ServerCommand#take}. */
  boolean take(String flag, String text) {
    switch (flag) {
      case "--verticles" -> verticles = Path.of(text);
      case "--host" -> host = text;
      case "--port" -> port = Integer.valueOf(text);
      case "--grpc-port" -> grpcPort = Integer.valueOf(text);
      case "--models" -> models = Path.of(text);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** The settings with these flags, and a command's own, on top. */
  Verticles load(Map<String, Object> others) {
    Map<String, Object> flags = new LinkedHashMap<>(others);
    put(flags, "http.host", host);
    put(flags, "http.port", port);
    put(flags, "grpc.host", host);
    put(flags, "grpc.port", grpcPort);
    if (models != null) {
      flags.put("inference.modelsDirectory", models.toString());
      flags.put("training.modelsDirectory", models.toString());
      flags.put(
          "training.jobsDirectory", models.toAbsolutePath().resolveSibling("jobs").toString());
    }
    return Verticles.load(verticles, System.getenv(), flags);
  }

  static void put(Map<String, Object> flags, String key, Object value) {
    if (value != null) {
      flags.put(key, value instanceof Path ? value.toString() : value);
    }
  }
}
