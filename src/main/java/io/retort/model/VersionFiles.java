package io.retort.model;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The files of one version: its card {@code model.json} and its weights. */
final class VersionFiles {
  private static final String CARD = "model.json";
  private static final String WEIGHTS = "model.safetensors";

  private VersionFiles() {}

  /** Writes the version's directory beside and gives it its name when all is on the disk. */
  static void write(Path home, ModelCard card, Map<String, HostTensor> weights) throws IOException {
    Path unfinished = home.resolve(AtomicFiles.UNFINISHED + card.version());
    if (Files.exists(unfinished)) {
      AtomicFiles.remove(unfinished);
    }
    Files.createDirectory(unfinished);
    // "pt" tells Python's readers that weights lie as PyTorch's do.
    Map<String, String> metadata =
        Map.of("format", "pt", "model", card.name(), "version", card.version());
    SafeTensors.write(unfinished.resolve(WEIGHTS), weights, metadata);
    AtomicFiles.write(unfinished.resolve(CARD), Json.pretty(card.toMap()) + "\n");
    AtomicFiles.rename(unfinished, home.resolve(card.version()));
  }

  /** Refuses weights that are not exactly the architecture's. */
  static void fit(Architecture architecture, Map<String, HostTensor> weights) {
    Map<String, Shape> expected = architecture.variables();
    Map<String, Shape> came = new TreeMap<>();
    weights.forEach((name, tensor) -> came.put(name, tensor.shape()));
    if (!came.equals(expected)) {
      throw new IllegalArgumentException(
          "[models] the weights must be those of "
              + architecture.name()
              + ", "
              + new TreeMap<>(expected)
              + ": "
              + came);
    }
  }

  static ModelCard card(Path directory, String model, String version) {
    Path file = directory.resolve(CARD);
    try {
      ModelCard card = ModelCard.parse(Fields.read("[models] " + file, file));
      if (!card.name().equals(model) || !card.version().equals(version)) {
        throw new ModelException(
            "[models] "
                + file
                + " must be of "
                + model
                + "/"
                + version
                + ": it is of "
                + card.name()
                + "/"
                + card.version());
      }
      return card;
    } catch (JsonException e) {
      throw new ModelException(e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new ModelException("[models] " + file + ": " + e.getMessage(), e);
    }
  }

  static Map<String, HostTensor> weights(Path directory, ModelCard card) {
    Path file = directory.resolve(WEIGHTS);
    Map<String, HostTensor> weights = new LinkedHashMap<>(SafeTensors.read(file).tensors());
    String hash = WeightHash.of(weights);
    if (!hash.equals(card.hash())) {
      throw new ModelException(
          "[models] "
              + file
              + " must hold the weights that were saved, hash "
              + card.hash()
              + ": hash "
              + hash);
    }
    return weights;
  }

  static long weightBytes(Path directory) {
    Path file = directory.resolve(WEIGHTS);
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + file + " must be readable: " + SafeTensors.reason(e), e);
    }
  }
}
