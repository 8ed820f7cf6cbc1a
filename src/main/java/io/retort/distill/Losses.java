package io.retort.distill;

/**
 * The terms that a {@link io.retort.Distiller} takes, between models named {@code student} and
 * {@code teacher}.
 */
public final class Losses {
  static final String STUDENT = "student";
  static final String TEACHER = "teacher";

  private Losses() {}

  /** Hinton's soft part: weight·T²·KL, {@link SoftmaxKl}. */
  public static Term softmaxKl(double temperature, double weight) {
    return softmaxKl(Schedule.constant(temperature), Schedule.constant(weight));
  }

  public static Term softmaxKl(Schedule temperature, Schedule weight) {
    return new SoftmaxKl(
        "soft", STUDENT, TEACHER, temperature, weight, SoftmaxKl.Form.KL, false, true);
  }

  /** Cross-entropy with the labels, {@link CrossEntropy}. */
  public static Term crossEntropy(double weight) {
    return crossEntropy(Schedule.constant(weight));
  }

  public static Term crossEntropy(Schedule weight) {
    return new CrossEntropy("hard", STUDENT, weight);
  }

  /** The teacher's own: cross-entropy with the labels. */
  public static Term teacherCrossEntropy() {
    return new CrossEntropy("hard", TEACHER, Schedule.constant(1));
  }

  /**
   * A hint between two layers, {@link Hint}: {@code hint("student/conv1", "teacher/conv2", 100)}.
   */
  public static Term hint(String studentPath, String teacherPath, double weight) {
    return new Hint(Hint.KIND, studentPath, teacherPath, Schedule.constant(weight));
  }

  /** Relations of pairs, {@link Rkd}; 25 is the usual weight. */
  public static Term rkdDistance(String studentPath, String teacherPath, double weight) {
    return rkd(Rkd.Relation.DISTANCE, studentPath, teacherPath, weight);
  }

  /** Relations of triples, {@link Rkd}; 50 is the usual weight. */
  public static Term rkdAngle(String studentPath, String teacherPath, double weight) {
    return rkd(Rkd.Relation.ANGLE, studentPath, teacherPath, weight);
  }

  private static Term rkd(Rkd.Relation relation, String student, String teacher, double weight) {
    return new Rkd(relation.kind, relation, student, teacher, Schedule.constant(weight));
  }
}
