package io.retort.model;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import io.retort.json.Nearest;
import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Versioned models in a directory: {@code <name>/<version>/model.json} and {@code
 * model.safetensors}, and the file {@code <name>/live}. A version is written under a hidden name,
 * fsynced and renamed, and never changed after: a reader sees it whole or not at all, even if the
 * writer is killed. One writer (a lock names its process), any number of readers, each call looking
 * at the disk anew. Safe to share between threads.
 *
 * <p>Every method throws {@link ModelException} if a file is not what it must be or cannot be read
 * or written, {@link UnknownModelException} if there is no such model or version, and {@link
 * IllegalArgumentException} if a name is not allowed.
 */
public final class ModelStore implements AutoCloseable {
  private static final String CARD = "model.json";
  private static final String WEIGHTS = "model.safetensors";

  private final Path directory;
  private final StoreLock lock;

  private ModelStore(Path directory, StoreLock lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Opens a directory for writing, creating it where it is missing, and removes what a killed
   * writer left unfinished.
   *
   * @throws ModelException if the directory cannot be made or written, or another process has it
   *     open for writing
   */
  public static ModelStore open(Path directory) {
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory);
      }
      Path real = directory.toRealPath();
      StoreLock lock = StoreLock.take(real);
      ModelStore store = new ModelStore(real, lock);
      try {
        store.sweep();
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
      return store;
    } catch (FileAlreadyExistsException e) {
      throw new ModelException(
          "[models] the models directory must be a directory: " + directory + " is a file", e);
    } catch (IOException e) {
      throw new ModelException(
          "[models] the models directory must be writable: "
              + directory
              + ", "
              + SafeTensors.reason(e),
          e);
    }
  }

  /** Opens a directory for reading; one that is not there yet is empty. */
  public static ModelStore readOnly(Path directory) {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new ModelException(
          "[models] the models directory must be a directory: " + directory + " is a file");
    }
    return new ModelStore(directory, null);
  }

  private void sweep() throws IOException {
    AtomicFiles.sweep(directory);
    for (Path each : AtomicFiles.list(directory)) {
      if (Names.isModel(each.getFileName().toString()) && Files.isDirectory(each)) {
        AtomicFiles.sweep(each);
      }
    }
  }

  public Path directory() {
    return directory;
  }

  /**
   * Adds the next version of a model ("1", "2", …); which version is live stays as it is.
   *
   * @param weights by path below the scope, exactly those of {@link Architecture#variables}
   */
  public synchronized ModelCard save(
      String model,
      Architecture architecture,
      Map<String, HostTensor> weights,
      Map<String, Double> metrics,
      String recipe,
      String teacherHash) {
    requireWriter();
    Path home = home(model);
    fit(architecture, weights);
    try {
      if (Files.notExists(home)) {
        Files.createDirectory(home);
        AtomicFiles.sync(directory);
      }
      List<Integer> versions = Names.versions(home);
      String version =
          String.valueOf(versions.isEmpty() ? 1 : versions.get(versions.size() - 1) + 1);
      String hash = WeightHash.of(weights);
      ModelCard card =
          new ModelCard(
              model, version, architecture, metrics, recipe, teacherHash, Instant.now(), hash);
      write(home, card, weights);
      return card;
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + home + " must be writable: " + SafeTensors.reason(e), e);
    }
  }

  /** Writes the version's directory beside and gives it its name when all is on the disk. */
  private static void write(Path home, ModelCard card, Map<String, HostTensor> weights)
      throws IOException {
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

  private static void fit(Architecture architecture, Map<String, HostTensor> weights) {
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

  /** The version that answers, if one was ever promoted. */
  public Optional<ModelCard> live(String model) {
    return Live.read(home(model)).map(live -> card(model, live.version()));
  }

  /** The version that was live before the present one: to go back is to promote it. */
  public Optional<String> previous(String model) {
    return Live.read(home(model)).map(Live::previous);
  }

  /** Makes a version live, after its weights have been read and found whole. */
  public synchronized void promote(String model, String version) {
    requireWriter();
    weights(card(model, version));
    Path home = home(model);
    String before = Live.read(home).map(Live::version).orElse(null);
    if (version.equals(before)) {
      return;
    }
    try {
      new Live(version, before).write(home);
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + home + " must be writable: " + SafeTensors.reason(e), e);
    }
  }

  /** Every version, the oldest first; none for a model that is not there. */
  public List<ModelCard> versions(String model) {
    Path home = home(model);
    return Files.isDirectory(home)
        ? Names.versions(home).stream()
            .map(version -> card(model, String.valueOf(version)))
            .toList()
        : List.of();
  }

  /** The names of the models that have a version, in alphabetical order. */
  public List<String> models() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try {
      return AtomicFiles.list(directory).stream()
          .filter(each -> Names.isModel(each.getFileName().toString()) && Files.isDirectory(each))
          .filter(each -> !Names.versions(each).isEmpty())
          .map(each -> each.getFileName().toString())
          .toList();
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + directory + " must be readable: " + SafeTensors.reason(e), e);
    }
  }

  public ModelCard card(String model, String version) {
    Path file = home(model).resolve(known(model, version)).resolve(CARD);
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

  /** The weights by path below the scope, mapped; they are the very ones that were saved. */
  public Map<String, HostTensor> weights(ModelCard card) {
    Path file = home(card.name()).resolve(known(card.name(), card.version())).resolve(WEIGHTS);
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

  private Path home(String model) {
    return directory.resolve(Names.model(model));
  }

  private String known(String model, String version) {
    Path home = home(model);
    if (!Files.isDirectory(home)) {
      throw new UnknownModelException("there is no model " + model + Nearest.hint(model, models()));
    }
    if (!Names.isVersion(version) || !Files.isDirectory(home.resolve(version))) {
      throw new UnknownModelException("model " + model + " has no version " + version);
    }
    return version;
  }

  private void requireWriter() {
    if (lock == null) {
      throw new IllegalStateException(
          "[models] the store must be open for writing: it is open for reading");
    }
  }

  @Override
  public void close() {
    if (lock != null) {
      try {
        lock.close();
      } catch (IOException e) {
        throw new ModelException(
            "[models] the lock of " + directory + " must be released: " + SafeTensors.reason(e), e);
      }
    }
  }
}
