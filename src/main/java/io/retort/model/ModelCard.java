package io.retort.model;

import io.retort.json.Fields;
import io.retort.nn.Architecture;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What is known of one version of a model: the file model.json beside its weights.
 *
 * @param metrics finite numbers by name, such as accuracy
 * @param recipe the name of the recipe that made it, null if it was made otherwise
 * @param teacherHash the {@link WeightHash} of the teacher it was distilled from, null if there was
 *     none
 * @param created to the millisecond
 * @param hash the {@link WeightHash} of its weights
 */
public record ModelCard(
    String name,
    String version,
    Architecture architecture,
    Map<String, Double> metrics,
    String recipe,
    String teacherHash,
    Instant created,
    String hash) {
  public ModelCard {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(hash, "hash");
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
    metrics.forEach(
        (metric, value) -> {
          if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(
                "[model] a metric must be a finite number: " + metric + " " + value);
          }
        });
    created = created.truncatedTo(ChronoUnit.MILLIS);
  }

  static ModelCard parse(Fields fields) {
    Map<String, Double> metrics = new TreeMap<>();
    Fields numbers = fields.object("metrics");
    numbers.values().keySet().forEach(key -> metrics.put(key, numbers.number(key)));
    ModelCard card =
        new ModelCard(
            fields.text("name"),
            fields.text("version"),
            Architecture.parse(fields.object("architecture")),
            metrics,
            fields.text("recipe", null),
            fields.text("teacherHash", null),
            created(fields),
            fields.text("hash"));
    fields.end();
    return card;
  }

  private static Instant created(Fields fields) {
    try {
      return Instant.parse(fields.text("created"));
    } catch (DateTimeException e) {
      throw fields.wrong("created", "a time as 2026-01-31T12:00:00Z");
    }
  }

  /** As model.json holds it; what is null is left out. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("version", version);
    map.put("created", created.toString());
    if (recipe != null) {
      map.put("recipe", recipe);
    }
    if (teacherHash != null) {
      map.put("teacherHash", teacherHash);
    }
    map.put("hash", hash);
    map.put("metrics", metrics);
    map.put("architecture", architecture.toMap());
    return map;
  }
}
