package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.retort.nn.Architecture;
import java.util.Map;

/**
 * A model of a recipe.
 *
 * @param name how the recipe's phases and terms call it, and the first part of its layers' paths
 * @param design the name of a built-in architecture, or an architecture's JSON as a map
 * @param model its name in the model store
 */
public record Participant(String name, Object design, String model) {
  public Participant {
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
    Fields fields = Fields.of("recipe.models." + name + ".architecture", (Map<String, Object>) design);
    return Architecture.parse(fields);
  }

  static Participant parse(String name, Fields fields) {
    Object design = fields.raw("architecture");
    if (!(design instanceof String) && !(design instanceof Map)) {
      throw fields.wrong("architecture", "the name of a built-in architecture or an architecture's object");
    }
    Participant participant = new Participant(name, design, fields.text("model", name));
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
