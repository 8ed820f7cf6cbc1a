package io.retort.distill;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.json.Fields;
import java.util.List;
import java.util.Map;

/**
 * Relational distillation (Park, Kim, Lu, Cho 2019): the mean of Huber's function of ψ(S) − ψ(T)
 * over all pairs or triples of the batch's samples, ψ being {@link Relation}. Features are taken as
 * rows [B, D], the teacher's as constants; D may differ. A batch with fewer samples than the
 * relation needs has loss 0.
 *
 * @param student path of the student's feature, or its name alone for its logits
 * @param teacher the same of the teacher
 */
public record Rkd(String label, Relation relation, String student, String teacher, Schedule weight)
    implements Term {
  /** What is compared. */
  public enum Relation {
    /** ‖f_i − f_j‖/μ of each pair, μ the mean distance of two samples. */
    DISTANCE("rkdDistance", 2),
    /** The cosine of the angle at f_j between f_i and f_k. */
    ANGLE("rkdAngle", 3);

    final String kind;
    final int samples;

    Relation(String kind, int samples) {
      this.kind = kind;
      this.samples = samples;
    }
  }

  static Rkd parse(Relation relation, Fields f) {
    return new Rkd(
        f.text("label", relation.kind),
        relation,
        f.text("student"),
        f.text("teacher"),
        Terms.weight(f));
  }

  @Override
  public String kind() {
    return relation.kind;
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
    if (scene.batch() < relation.samples) {
      return scene.zero();
    }
    Value s = g.flatten(scene.feature(student));
    Value t = scene.constant(g.flatten(scene.feature(teacher)));
    return relation == Relation.DISTANCE
        ? Relations.huber(g, Relations.distances(g, s), Relations.distances(g, t))
        : Relations.huber(g, Relations.angles(g, s), Relations.angles(g, t));
  }

  @Override
  public Map<String, Object> settings() {
    return Settings.of(
        "student", student, "teacher", teacher, "weight", weight.toJson(), "label", label);
  }

  @Override
  public Term labelled(String other) {
    return new Rkd(other, relation, student, teacher, weight);
  }

  @Override
  public Term weighted(Schedule other) {
    return new Rkd(label, relation, student, teacher, other);
  }
}
