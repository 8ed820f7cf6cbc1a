package io.retort.bus;

import io.vertx.core.json.JsonObject;
import java.util.Set;

/**
 * A job to run.
 *
 * @param recipe a built-in recipe's name, or null for the node's own
 * @param inline a whole recipe instead of a name, or null
 * @param changes settings that differ from the recipe's: {@code epochs}, {@code temperature},
 *     {@code softWeight}, {@code batchSize}, {@code seed}
 */
public record JobRequest(String recipe, JsonObject inline, JsonObject changes) {
  static final Format<JobRequest> FORMAT =
      new JsonFormat<>(JobRequest.class, 1, JobRequest::toJson, JobRequest::of);
  private static final Set<String> CHANGES =
      Set.of("epochs", "temperature", "softWeight", "batchSize", "seed");

  public JsonObject toJson() {
    JsonObject json = changes.copy();
    return inline == null ? json.put("recipe", recipe) : json.put("recipe", inline);
  }

  /**
   * Reads what {@code POST /v1/jobs} takes.
   *
   * @throws FailureException for a field that is not known or not of its kind
   */
  public static JobRequest of(JsonObject json) {
    JsonObject changes = new JsonObject();
    for (String field : json.fieldNames()) {
      if (field.equals("recipe")) {
        continue;
      }
      if (!CHANGES.contains(field)) {
        throw Failure.INVALID_REQUEST.because(
            "the field "
                + field
                + " is not known: a job takes recipe, "
                + String.join(", ", CHANGES.stream().sorted().toList()));
      }
      if (!(json.getValue(field) instanceof Number number)) {
        throw Failure.INVALID_REQUEST.because(field + " must be a number: " + json.getValue(field));
      }
      changes.put(field, number);
    }
    Object recipe = json.getValue("recipe");
    if (recipe == null || recipe instanceof String) {
      return new JobRequest((String) recipe, null, changes);
    }
    if (recipe instanceof JsonObject inline) {
      return new JobRequest(null, inline, changes);
    }
    throw Failure.INVALID_REQUEST.because("recipe must be a name or an object: " + recipe);
  }
}
