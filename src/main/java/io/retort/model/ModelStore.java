package io.retort.model;

import io.retort.json.Nearest;
import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

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
        sweep(each);
      }
    }
  }

  /** Another process may be writing the file {@code live} at this moment. */
  private static void sweep(Path home) throws IOException {
    if (AtomicFiles.hasUnfinished(home)) {
      LiveLock lock = LiveLock.take(home);
      try {
        AtomicFiles.sweep(home);
      } finally {
        lock.close();
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
    VersionFiles.fit(architecture, weights);
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
      VersionFiles.write(home, card, weights);
      return card;
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + home + " must be writable: " + SafeTensors.reason(e), e);
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

  /**
   * Makes a version live, after its weights have been read and found whole; it answers alone then,
   * whatever the split was.
   */
  public synchronized void promote(String model, String version) {
    requireWriter();
    weights(card(model, version));
    changeLive(model, live -> live == null ? Live.of(version) : live.promoted(version));
  }

  /** What the file {@code live} says, if a version was ever promoted. */
  public Optional<Live> traffic(String model) {
    return Live.read(home(model));
  }

  /**
   * Writes the file {@code live} anew. Any process may, whoever has the store open for writing: a
   * lock of the model's own is held for as long as it takes.
   *
   * @param change makes the new content of the old, which is null if there is no file yet
   * @return what the file says now
   */
  public Live changeLive(String model, UnaryOperator<Live> change) {
    Path home = home(model);
    if (!Files.isDirectory(home)) {
      throw unknown(model);
    }
    try {
      return Live.change(home, change);
    } catch (IOException e) {
      throw new ModelException(
          "[models] " + home + " must be writable: " + SafeTensors.reason(e), e);
    }
  }

  /** Differs from what it was whenever the file {@code live} was written; null without one. */
  public Object liveStamp(String model) {
    return Live.stamp(home(model));
  }

  /** Every version, the oldest first; none for a model that is not there. */
  public List<ModelCard> versions(String model) {
    return numbers(model).stream().map(version -> card(model, version)).toList();
  }

  /** The versions by their numbers alone, the oldest first; their files may be broken. */
  public List<String> numbers(String model) {
    Path home = home(model);
    return Files.isDirectory(home)
        ? Names.versions(home).stream().map(String::valueOf).toList()
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
    return VersionFiles.card(known(model, version), model, version);
  }

  /** The weights by path below the scope, mapped; they are the very ones that were saved. */
  public Map<String, HostTensor> weights(ModelCard card) {
    return VersionFiles.weights(known(card.name(), card.version()), card);
  }

  /** Bytes of the version's weights on the disk. */
  public long weightBytes(String model, String version) {
    return VersionFiles.weightBytes(known(model, version));
  }

  private Path home(String model) {
    return directory.resolve(Names.model(model));
  }

  private Path known(String model, String version) {
    Path home = home(model);
    if (!Files.isDirectory(home)) {
      throw unknown(model);
    }
    Path directory = Names.isVersion(version) ? home.resolve(version) : null;
    if (directory == null || !Files.isDirectory(directory)) {
      throw new UnknownModelException(
          "model " + model + " has no version " + version + hint(model, version));
    }
    return directory;
  }

  private String hint(String model, String version) {
    return version == null ? "" : Nearest.hint(version, numbers(model));
  }

  private UnknownModelException unknown(String model) {
    return new UnknownModelException("there is no model " + model + Nearest.hint(model, models()));
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
