package io.retort.training;

import io.retort.bus.Failure;
import io.retort.bus.JobRequest;
import io.retort.config.TrainingConfig;
import io.retort.distill.Recipe;
import io.retort.json.Fields;
import io.vertx.core.json.JsonObject;

/** Makes the recipe of a job out of the request and the node's settings; the request wins. */
final class Recipes {
  private final TrainingConfig config;
  private final Recipe standard;

  Recipes(TrainingConfig config) {
    this.config = config;
    this.standard = Recipe.load(config.recipe());
  }

  /** The node's own recipe. */
  Recipe standard() {
    return standard;
  }

  /**
   * The recipe that a request asks for.
   *
   * @throws io.retort.bus.FailureException if there is none of that name, or it is not legal
   */
  Recipe of(JobRequest request) {
    try {
      Recipe recipe = changed(named(request), settings());
      return changed(recipe, Fields.of("the job", request.changes().getMap()));
    } catch (IllegalArgumentException e) {
      throw Failure.INVALID_RECIPE.because(e.getMessage());
    }
  }

  private Recipe named(JobRequest request) {
    if (request.inline() != null) {
      return Recipe.parse(Fields.parse("recipe", request.inline().encode()));
    }
    boolean own = request.recipe() == null || request.recipe().equals(standard.name());
    return own ? standard : Recipe.builtIn(request.recipe());
  }

  private Fields settings() {
    return Fields.of(
        "training",
        new JsonObject()
            .put("epochs", config.epochs())
            .put("batchSize", config.batchSize())
            .put("temperature", config.temperature())
            .put("softWeight", config.softWeight())
            .getMap());
  }

  private static Recipe changed(Recipe recipe, Fields changes) {
    Recipe changed = recipe;
    if (changes.has("epochs")) {
      changed = changed.withEpochs(changes.integer("epochs"));
    }
    if (changes.has("batchSize")) {
      changed = changed.withBatch(changes.integer("batchSize"));
    }
    if (changes.has("temperature")) {
      changed = changed.withTemperature(changes.number("temperature"));
    }
    if (changes.has("softWeight")) {
      changed = changed.withSoftWeight(changes.number("softWeight"));
    }
    return changed;
  }

  /** The seed of a request's job. */
  long seed(JobRequest request) {
    long standardSeed = config.seed() == null ? 1 : config.seed();
    try {
      return Fields.of("the job", request.changes().getMap()).whole("seed", standardSeed);
    } catch (IllegalArgumentException e) {
      throw Failure.INVALID_RECIPE.because(e.getMessage());
    }
  }
}
