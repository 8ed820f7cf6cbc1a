package io.retort.distill;

import io.retort.graph.Value;
import io.retort.json.Fields;
import java.util.List;
import java.util.Map;

/**
 * Cross-entropy of a model's logits with the labels, mean over the batch: the hard part of the
 * loss.
 */
public record CrossEntropy(String label, String model, Schedule weight) implements Term {
  static final String KIND = "crossEntropy";

  static CrossEntropy parse(Fields f) {
    return new CrossEntropy(f.text("label", "hard"), f.text("model"), Terms.weight(f));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Schedule> knobs() {
    return Map.of();
  }

  @Override
  public boolean hard() {
    return true;
  }

  @Override
  public List<String> models() {
    return List.of(model);
  }

  @Override
  public List<String> features() {
    return List.of();
  }

  @Override
  public Value loss(Scene scene) {
    return scene.graph().crossEntropy(scene.logits(model), scene.labels());
  }

  @Override
  public Map<String, Object> settings() {
    return Settings.of("model", model, "weight", weight.toJson(), "label", label);
  }

  @Override
  public Term labelled(String other) {
    return new CrossEntropy(other, model, weight);
  }

  @Override
  public Term weighted(Schedule other) {
    return new CrossEntropy(label, model, other);
  }
}
