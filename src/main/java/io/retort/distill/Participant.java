package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.retort.nn.Architecture;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A model of a recipe.
 *
 * @param name how the recipe's phases and terms call it, and the first part of its layers' paths
 * @param design the name of a built-in architecture, or an architecture's JSON as a map
 * @param model its name in the model store
 */
public record Participant(String name, Object design, String model) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]*");
  private static final Set<String> TAKEN = Set.of("adapter", "optimizer");

  public Participant {
    if (!NAME.matcher(name).matches() || TAKEN.contains(name)) {
      throw new JsonException(
          "[recipe] a model's name must be of a-z, 0-9 and . _ -, and neither adapter nor optimizer: "
              + name);
    }
    if (!(design instanceof String) && !(design instanceof Map)) {
      throw new IllegalArgumentException(
          "[recipe] the architecture of " + name + " must be a name or a JSON object: " + design);
    }
  }

  /** A model kept in the store under its own name. */
  public static Participant of(String name, Object design) {
    return new Participant(name, design, name);
  }

  /** Its architecture, read anew. */
  @SuppressWarnings("unchecked")
  public Architecture architecture() {
    if (design instanceof String builtIn) {
      return Architecture.named(builtIn);
    }
    Fields fields =
        Fields.of("recipe.models." + name + ".architecture", (Map<String, Object>) design);
    return Architecture.parse(fields);
  }

  static Participant parse(String name, Fields fields) {
    Object design = fields.raw("architecture");
    String model = fields.text("model", name);
    fields.end();
    if (!(design instanceof String) && !(design instanceof Map)) {
      throw fields.wrong(
          "architecture", "the name of a built-in architecture or an architecture's object");
    }
    Participant participant = new Participant(name, design, model);
    try {
      participant.architecture();
    } catch (JsonException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new JsonException(fields.path() + ".architecture: " + e.getMessage());
    }
    return participant;
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = Settings.of("architecture", design);
    if (!model.equals(name)) {
      map.put("model", model);
    }
    return map;
  }
}
