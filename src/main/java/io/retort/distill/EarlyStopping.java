package io.retort.distill;

import io.retort.json.Fields;
import java.util.Map;

/**
 * Ends a phase when no model that trains has become better for a while.
 *
 * @param patience how many epochs in a row may pass without an improvement
 * @param minimumImprovement by how much accuracy must rise above the best to count as one
 */
public record EarlyStopping(int patience, double minimumImprovement) {
  static EarlyStopping parse(Fields owner, String key) {
    if (!owner.has(key)) {
      return null;
    }
    Fields fields = owner.object(key);
    EarlyStopping stopping =
        new EarlyStopping(fields.integer("patience"), fields.number("minimumImprovement", 0));
    if (stopping.patience < 1) {
      throw fields.wrong("patience", "at least 1");
    }
    if (stopping.minimumImprovement < 0) {
      throw fields.wrong("minimumImprovement", "at least 0");
    }
    fields.end();
    return stopping;
  }

  Map<String, Object> toMap() {
    return Settings.of("patience", patience, "minimumImprovement", minimumImprovement);
  }
}
