package io.retort.distill;

import io.retort.device.Native.UnaryOp;
import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.json.Fields;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Distillation of logits [B, C] (Hinton, Vinyals, Dean 2015): T²·(1/B)·Σ KL(softmax(teacher/T) ‖
 * softmax(student/T)), the mean taken over the batch only. The teacher's logits are constants,
 * whether or not that model trains.
 *
 * @param form KL; CROSS_ENTROPY leaves out the teacher's entropy (same gradient); MSE compares the
 *     logits themselves, without a temperature
 * @param standardize whether each sample's logits are first brought to mean 0 and deviation 1 (Sun
 *     et al. 2024)
 * @param scaled whether the loss is multiplied by T², so that its gradient does not shrink as T
 *     grows; of no effect on MSE
 */
public record SoftmaxKl(
    String label,
    String student,
    String teacher,
    Schedule temperature,
    Schedule weight,
    Form form,
    boolean standardize,
    boolean scaled)
    implements Term {
  static final String KIND = "softmaxKl";
  private static final float STANDARDIZE_EPSILON = 1e-7f;

  public SoftmaxKl {
    for (double part : new double[] {0, 0.5, 1}) {
      if (!(temperature.at(part, 1) > 0)) {
        throw new IllegalArgumentException(
            "[softmaxKl] temperature must be above 0: " + temperature.at(part, 1));
      }
    }
  }

  /** How the two distributions are compared. */
  public enum Form {
    KL,
    CROSS_ENTROPY,
    MSE
  }

  static SoftmaxKl parse(Fields f) {
    return new SoftmaxKl(
        f.text("label", "soft"),
        f.text("student"),
        f.text("teacher"),
        Schedule.parse(f, "temperature", Schedule.constant(4)),
        Terms.weight(f),
        f.choice("form", Form.class, Form.KL),
        f.flag("standardize", false),
        f.flag("scaled", true));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Schedule> knobs() {
    return form == Form.MSE ? Map.of() : Map.of("temperature", temperature);
  }

  @Override
  public boolean hard() {
    return false;
  }

  @Override
  public List<String> models() {
    return List.of(student, teacher);
  }

  @Override
  public List<String> features() {
    return List.of();
  }

  @Override
  public Value loss(Scene scene) {
    Graph g = scene.graph();
    Value z = scene.logits(student);
    Value target = scene.constant(scene.logits(teacher));
    if (standardize) {
      z = standardized(g, z);
      target = standardized(g, target);
    }
    if (form == Form.MSE) {
      return g.mse(z, target);
    }
    Value t = scene.knob("temperature");
    Value squared = g.multiply(t, t);
    if (form == Form.KL) {
      Value loss = g.softmaxKl(z, target, t);
      return scaled ? loss : g.divide(loss, squared);
    }
    Value terms = g.multiply(g.softmax(target, t), g.logSoftmax(z, t));
    Value loss = g.multiply(g.sum(terms), g.constant(Shape.of(1), -1f / scene.batch()));
    return scaled ? g.multiply(loss, squared) : loss;
  }

  private static Value standardized(Graph g, Value z) {
    int classes = z.shape().dim(1);
    Value centered = g.subtract(z, g.mean(z, 1));
    Value variance =
        g.multiply(
            g.sum(g.multiply(centered, centered), 1),
            g.constant(Shape.of(1), 1f / Math.max(1, classes - 1)));
    Value deviation =
        g.add(g.unary(UnaryOp.sqrt, variance), g.constant(Shape.of(1), STANDARDIZE_EPSILON));
    return g.divide(centered, deviation);
  }

  @Override
  public Map<String, Object> settings() {
    return Settings.of(
        "student", student,
        "teacher", teacher,
        "temperature", temperature.toJson(),
        "weight", weight.toJson(),
        "form", form.name(),
        "standardize", standardize,
        "scaled", scaled,
        "label", label);
  }

  @Override
  public Term labelled(String other) {
    return new SoftmaxKl(other, student, teacher, temperature, weight, form, standardize, scaled);
  }

  @Override
  public Term weighted(Schedule other) {
    return new SoftmaxKl(label, student, teacher, temperature, other, form, standardize, scaled);
  }

  /** The same term at another temperature. */
  public SoftmaxKl heated(Schedule other) {
    return new SoftmaxKl(label, student, teacher, other, weight, form, standardize, scaled);
  }
}
