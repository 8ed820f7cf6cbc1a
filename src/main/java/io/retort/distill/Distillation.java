package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.device.Device;
import io.retort.json.JsonException;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import io.retort.model.SafeTensors;
import io.retort.model.WeightHash;
import io.retort.nn.Architecture;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out a recipe: phase after phase trains its models, and each model is saved in the model
 * store after the last phase that trains it. Killed at any moment, it goes on from its last
 * checkpoint and ends with the same weights, bit for bit, given the same number of threads.
 */
public final class Distillation {
  private static final Logger LOG = LoggerFactory.getLogger(Distillation.class);

  private final Recipe recipe;
  private final TrainingOptions options;
  private final Map<String, Architecture> architectures = new LinkedHashMap<>();

  public Distillation(Recipe recipe, TrainingOptions options) {
    this.recipe = recipe;
    this.options = options;
    recipe
        .models()
        .forEach((name, participant) -> architectures.put(name, participant.architecture()));
  }

  /**
   * Runs to the end, on the calling thread.
   *
   * @param listener told of progress, on the same thread
   * @param cancelled asked before every step; true stops the job at a checkpoint
   * @throws IllegalArgumentException if recipe, data, store and job do not belong together
   * @throws IllegalStateException if a loss is no longer finite
   */
  public Outcome run(Consumer<Progress> listener, BooleanSupplier cancelled) {
    Dataset train = options.dataset(Split.TRAIN);
    Dataset test = options.dataset(Split.TEST);
    check(train, test);
    Job.Identity identity =
        new Job.Identity(recipe.hash(), train.hash(), test.hash(), options.seed());
    ModelStore store =
        options.store() == null ? ModelStore.open(options.models()) : options.store();
    try (Device device = Device.open(options.device(), options.threads())) {
      LOG.info("device: {}", device.describe());
      Job job = Job.open(options, recipe, identity, device.threads());
      Workbench bench = new Workbench(options, device, train, test, job, listener, cancelled);
      try {
        boolean whole = phases(bench, store);
        job.end(whole ? "done" : "cancelled", null);
        return outcome(job, store, !whole);
      } catch (RuntimeException | Error e) {
        fail(job, e);
        throw e;
      }
    } finally {
      if (options.store() == null) {
        store.close();
      }
    }
  }

  private static void fail(Job job, Throwable reason) {
    try {
      job.end("failed", reason);
    } catch (RuntimeException e) {
      reason.addSuppressed(e);
    }
  }

  private boolean phases(Workbench bench, ModelStore store) {
    while (bench.job().phase() < recipe.phases().size()) {
      int index = bench.job().phase();
      Phase phase = recipe.phases().get(index);
      if (!(phase.onlyIfMissing() && !bench.job().hasCheckpoint() && stored(phase, store))) {
        Optional<Map<String, Trained>> trained;
        try (PhaseRun run =
            new PhaseRun(bench, phase, index, architectures, weights(bench.job(), store, phase))) {
          trained = run.run();
        }
        if (trained.isEmpty()) {
          return false;
        }
        trained.get().forEach((model, result) -> keep(bench.job(), store, index, model, result));
      }
      bench.job().nextPhase();
    }
    recipe.models().keySet().forEach(model -> bench.job().delete(bench.job().weights(model)));
    return true;
  }

  private boolean stored(Phase phase, ModelStore store) {
    return phase.train().stream()
        .allMatch(model -> store.live(recipe.models().get(model).model()).isPresent());
  }

  /**
   * Saves a model (once: the job may have been killed after it was saved), or leaves it for a later
   * phase that trains it on.
   */
  private void keep(Job job, ModelStore store, int index, String name, Trained trained) {
    boolean trainsOn =
        recipe.phases().subList(index + 1, recipe.phases().size()).stream()
            .anyMatch(later -> later.train().contains(name));
    if (trainsOn) {
      SafeTensors.write(job.weights(name), trained.weights(), Map.of());
      return;
    }
    String model = recipe.models().get(name).model();
    Optional<ModelCard> live = store.live(model);
    ModelCard card =
        latest(store, model)
            .filter(last -> last.hash().equals(WeightHash.of(trained.weights())))
            .orElseGet(
                () ->
                    store.save(
                        model,
                        architectures.get(name),
                        trained.weights(),
                        trained.metrics(),
                        recipe.name(),
                        trained.teacherHash()));
    if (promotes(live, card)) {
      store.promote(model, card.version());
    }
    job.publish(name, card.version());
  }

  private static Optional<ModelCard> latest(ModelStore store, String model) {
    List<ModelCard> versions = store.versions(model);
    return versions.isEmpty() ? Optional.empty() : Optional.of(versions.get(versions.size() - 1));
  }

  private boolean promotes(Optional<ModelCard> live, ModelCard card) {
    return switch (recipe.promote()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case BETTER ->
          live.isEmpty()
              || card.metrics().getOrDefault("accuracy", 0.0)
                  > live.get().metrics().getOrDefault("accuracy", 0.0);
    };
  }

  /**
   * Where a model's weights come from: an earlier phase of the job, or else the store; random for
   * one that trains anew.
   */
  private Function<String, Weights> weights(Job job, ModelStore store, Phase phase) {
    Map<String, Optional<Weights>> known = new HashMap<>();
    return name ->
        known.computeIfAbsent(name, each -> weights(each, job, store, phase)).orElse(null);
  }

  private Optional<Weights> weights(String name, Job job, ModelStore store, Phase phase) {
    if (Files.exists(job.weights(name))) {
      return Optional.of(Weights.hashed(SafeTensors.read(job.weights(name)).tensors()));
    }
    if (phase.train().contains(name)) {
      return Optional.empty();
    }
    String model = recipe.models().get(name).model();
    String version = job.published(name);
    Optional<ModelCard> card =
        version == null ? store.live(model) : Optional.of(store.card(model, version));
    if (card.isEmpty()) {
      throw new IllegalArgumentException(
          "["
              + phase.name()
              + "] the model store must have a live "
              + model
              + ", or an earlier phase train it: none");
    }
    if (!card.get().architecture().equals(architectures.get(name))) {
      throw new IllegalArgumentException(
          "["
              + phase.name()
              + "] the stored "
              + model
              + " must have the recipe's architecture, "
              + architectures.get(name).name()
              + ": it has another, "
              + card.get().architecture().name()
              + "; store the recipe's under another name (models."
              + name
              + ".model)");
    }
    return Optional.of(new Weights(card.get().hash(), store.weights(card.get())));
  }

  private void check(Dataset train, Dataset test) {
    if (!train.sample().equals(test.sample()) || train.classes() != test.classes()) {
      throw new IllegalArgumentException(
          "[data] training and test samples must be alike: "
              + train.sample()
              + " of "
              + train.classes()
              + " classes, "
              + test.sample()
              + " of "
              + test.classes());
    }
    architectures.forEach(
        (name, architecture) -> {
          if (architecture.input().size() != train.sample().size()) {
            throw new JsonException(
                "recipe "
                    + recipe.name()
                    + ": "
                    + name
                    + " takes "
                    + architecture.input()
                    + ", the samples are "
                    + train.sample());
          }
          if (architecture.classes() != train.classes()) {
            throw new JsonException(
                "recipe "
                    + recipe.name()
                    + ": "
                    + name
                    + " tells "
                    + architecture.classes()
                    + " classes apart, the data has "
                    + train.classes());
          }
        });
  }

  private Outcome outcome(Job job, ModelStore store, boolean cancelled) {
    List<ModelCard> cards = new ArrayList<>();
    recipe
        .models()
        .forEach(
            (name, participant) -> {
              if (job.published(name) != null) {
                cards.add(store.card(participant.model(), job.published(name)));
              }
            });
    Map<String, Double> metrics =
        cards.isEmpty() ? Map.of() : cards.get(cards.size() - 1).metrics();
    return new Outcome(job.id(), cards, metrics, cancelled);
  }
}
