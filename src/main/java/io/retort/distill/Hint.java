package io.retort.distill;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.json.Fields;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * FitNet hint (Romero et al. 2015): mean (F_T − r(F_S))² between two layers' outputs, the teacher's
 * a constant. Both may be maps [B, C, H, W]: the larger one is average-pooled to the smaller, and r
 * is a 1×1 convolution where the channels differ. Else both are taken as rows [B, D], and r is
 * linear where D differs. Where nothing differs there is no r. It trains with the student and is
 * not part of it.
 *
 * @param student path of the student's feature: {@code student/conv1}
 * @param teacher path of the teacher's
 */
public record Hint(String label, String student, String teacher, Schedule weight) implements Term {
  static final String KIND = "hint";

  static Hint parse(Fields f) {
    return new Hint(f.text("label", KIND), f.text("student"), f.text("teacher"), Terms.weight(f));
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
    return false;
  }

  @Override
  public List<String> models() {
    return List.of(Scene.modelOf(student), Scene.modelOf(teacher));
  }

  @Override
  public List<String> features() {
    return List.of(student, teacher);
  }

  @Override
  public Value loss(Scene scene) {
    Graph g = scene.graph();
    Value s = scene.feature(student);
    Value t = scene.constant(scene.feature(teacher));
    if (s.shape().rank() == 4 && t.shape().rank() == 4) {
      return maps(scene, s, t);
    }
    s = g.flatten(s);
    t = g.flatten(t);
    int from = s.shape().dim(1);
    int to = t.shape().dim(1);
    if (from != to) {
      Value weight = scene.adapter("weight", Shape.of(to, from), from);
      s = g.bias(g.matmul(s, weight, false, true), scene.adapter("bias", Shape.of(to), from));
    }
    return g.mse(s, t);
  }

  private static Value maps(Scene scene, Value s, Value t) {
    Graph g = scene.graph();
    int height = Math.min(s.shape().dim(2), t.shape().dim(2));
    int width = Math.min(s.shape().dim(3), t.shape().dim(3));
    s = Pooling.to(g, s, height, width);
    t = Pooling.to(g, t, height, width);
    int from = s.shape().dim(1);
    int to = t.shape().dim(1);
    if (from != to) {
      Value weight = scene.adapter("weight", Shape.of(to, from, 1, 1), from);
      s =
          g.bias(
              g.conv2d(s, weight, Pooling.window(1, 1, 1, 1), 1),
              scene.adapter("bias", Shape.of(to), from));
    }
    return g.mse(s, t);
  }

  @Override
  public Map<String, Object> settings() {
    return Settings.of(
        "student", student, "teacher", teacher, "weight", weight.toJson(), "label", label);
  }

  @Override
  public Term labelled(String other) {
    return new Hint(other, student, teacher, weight);
  }

  @Override
  public Term weighted(Schedule other) {
    return new Hint(label, student, teacher, other);
  }
}
