package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.graph.Gradients;
import io.retort.graph.Graph;
import io.retort.graph.Initializers;
import io.retort.graph.Mode;
import io.retort.graph.Plan;
import io.retort.graph.Value;
import io.retort.graph.Variables;
import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values against sums in double, gradients against differences of these, and each loss's own
 * identity.
 */
class TermTest {
  private static final int B = 6;
  private static final int C = 5;
  private static final int[] LABELS = {0, 3, 2, 4, 1, 3};
  private static final double TOLERANCE = 2e-5;

  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open(DeviceKind.CPU, 1);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  record Result(double loss, float[] gradient) {}

  /** The loss and its gradient by the student's logits or feature rows. */
  private static Result run(
      Term term, float[] student, float[] teacher, Shape s, Shape t, double temperature) {
    Graph graph = new Graph(Mode.TRAINING);
    Value own = graph.parameter("student/out", s, Initializers.zeros());
    Value its = graph.input("teacher", t, DType.FLOAT32);
    graph.name("student/layer", own);
    graph.name("teacher/layer", its);
    Value labels = graph.input("labels", Shape.of(s.dim(0)), DType.INT32);
    Map<String, Value> logits = Map.of("student", own, "teacher", its);
    Value loss = term.loss(new Scene(graph, s.dim(0), term, logits, Set.of("teacher"), labels));
    graph.output("loss", loss);
    graph.output("gradient", Gradients.of(graph, loss, List.of(own)).get(own));
    try (Variables variables = new Variables(device)) {
      variables.declare(graph, 1);
      variables.set("student/out", HostTensor.of(s, student));
      try (Plan plan = Plan.compile(graph, device, variables)) {
        plan.input("teacher").write(teacher, 0, teacher.length);
        plan.input("labels").write(LABELS, 0, s.dim(0));
        if (!term.knobs().isEmpty()) {
          plan.input(term.label() + "/temperature").write((float) temperature);
        }
        plan.run();
        float[] gradient = new float[student.length];
        plan.output("gradient").read(gradient, 0);
        return new Result(plan.output("loss").scalar(), gradient);
      }
    }
  }

  private static Result logits(Term term, float[] student, float[] teacher, double temperature) {
    return run(term, student, teacher, Shape.of(B, C), Shape.of(B, C), temperature);
  }

  private static float[] random(long seed, int size, double scale) {
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    return values;
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static void check(Result result, float[] at, ToDoubleFunction<double[]> reference) {
    double[] x = doubles(at);
    double value = reference.applyAsDouble(x);
    assertThat(result.loss()).isCloseTo(value, within(TOLERANCE * Math.max(1, Math.abs(value))));
    double step = 1e-5;
    for (int i = 0; i < x.length; i++) {
      double middle = x[i];
      x[i] = middle + step;
      double above = reference.applyAsDouble(x);
      x[i] = middle - step;
      double below = reference.applyAsDouble(x);
      x[i] = middle;
      double slope = (above - below) / (2 * step);
      assertThat((double) result.gradient()[i])
          .as("gradient %d", i)
          .isCloseTo(slope, within(TOLERANCE * Math.max(1, Math.abs(slope))));
    }
  }

  private static SoftmaxKl kl(SoftmaxKl.Form form, boolean standardize, boolean scaled) {
    Schedule one = Schedule.constant(1);
    return new SoftmaxKl(
        "soft", "student", "teacher", Schedule.constant(4), one, form, standardize, scaled);
  }

  @ParameterizedTest
  @EnumSource(SoftmaxKl.Form.class)
  void softmaxKl_everySwitch_isTheFormula(SoftmaxKl.Form form) {
    float[] s = random(1, B * C, 3);
    float[] t = random(2, B * C, 3);
    for (boolean standardize : new boolean[] {false, true}) {
      for (boolean scaled : new boolean[] {false, true}) {
        for (double temperature : new double[] {1, 2.5, 20}) {
          check(
              logits(kl(form, standardize, scaled), s, t, temperature),
              s,
              x -> Reference.softmaxKl(x, doubles(t), C, temperature, form, standardize, scaled));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 4, 20})
  void softmaxKl_perSample_gradientIsTTimesTheDifferenceOfProbabilities(double temperature) {
    float[] s = random(3, B * C, 4);
    float[] t = random(4, B * C, 4);
    Result result = logits(kl(SoftmaxKl.Form.KL, false, true), s, t, temperature);
    for (int row = 0; row < B; row++) {
      double[] p = Reference.softmax(doubles(s), row, C, temperature);
      double[] q = Reference.softmax(doubles(t), row, C, temperature);
      for (int c = 0; c < C; c++) {
        double expected = temperature * (p[c] - q[c]) / B;
        assertThat((double) result.gradient()[row * C + c])
            .isCloseTo(expected, within(1e-6 * temperature));
      }
    }
  }

  @Test
  void softmaxKl_ofEqualPeersInMutualLearning_isZero() {
    float[] s = random(5, B * C, 3);
    Result result = logits(kl(SoftmaxKl.Form.KL, false, true), s, s.clone(), 1);
    assertThat(result.loss()).isCloseTo(0, within(1e-6));
    assertThat(result.gradient()).containsOnly(new float[B * C], within(1e-7f));
  }

  @Test
  void softmaxKl_standardized_ignoresScaleAndShift() {
    float[] s = random(6, B * C, 2);
    float[] t = s.clone();
    for (int i = 0; i < t.length; i++) {
      t[i] = 3 * t[i] + 7;
    }
    assertThat(logits(kl(SoftmaxKl.Form.KL, true, true), s, t, 2).loss())
        .isCloseTo(0, within(1e-5));
  }

  @Test
  void crossEntropy_ofLabels_isTheFormula() {
    float[] s = random(7, B * C, 3);
    Term term = new CrossEntropy("hard", "student", Schedule.constant(1));
    check(logits(term, s, s, 1), s, x -> Reference.crossEntropy(x, LABELS, C));
  }

  @Test
  void crossEntropy_hugeLogits_staysFinite() {
    float[] s = random(8, B * C, 1000);
    Term term = new CrossEntropy("hard", "student", Schedule.constant(1));
    assertThat(logits(term, s, s, 1).loss()).isFinite();
  }

  @ParameterizedTest
  @EnumSource(Rkd.Relation.class)
  void rkd_ofFeaturesOfDifferentWidth_isTheFormula(Rkd.Relation relation) {
    int width = 7;
    float[] s = random(9, B * C, 1);
    float[] t = random(10, B * width, 2);
    Term term = rkd(relation);
    Result result = run(term, s, t, Shape.of(B, C), Shape.of(B, width), 1);
    check(result, s, x -> Reference.rkd(x, doubles(t), B, relation));
  }

  @ParameterizedTest
  @EnumSource(Rkd.Relation.class)
  void rkd_ofAScaledAndShiftedTeacher_isZero(Rkd.Relation relation) {
    float[] t = random(11, B * C, 2);
    float[] s = new float[t.length];
    for (int i = 0; i < s.length; i++) {
      s[i] = 0.25f * t[i] + 5 + i % C;
    }
    Result result = run(rkd(relation), s, t, Shape.of(B, C), Shape.of(B, C), 1);
    assertThat(result.loss()).isCloseTo(0, within(1e-9));
    assertThat(result.gradient()).containsOnly(new float[B * C], within(1e-4f));
  }

  @ParameterizedTest
  @EnumSource(Rkd.Relation.class)
  void rkd_twoEqualSamples_staysFinite(Rkd.Relation relation) {
    float[] s = random(12, B * C, 1);
    System.arraycopy(s, 0, s, C, C);
    Result result = run(rkd(relation), s, random(13, B * C, 1), Shape.of(B, C), Shape.of(B, C), 1);
    assertThat(result.loss()).isFinite();
    for (float gradient : result.gradient()) {
      assertThat(gradient).isFinite();
    }
  }

  private static Term rkd(Rkd.Relation relation) {
    return new Rkd(relation.kind, relation, "student/layer", "teacher/layer", Schedule.constant(1));
  }

  @Test
  void hint_ofEqualShapes_isTheMeanSquareWithoutAdapter() {
    float[] s = random(14, B * C, 1);
    float[] t = random(15, B * C, 1);
    check(logits(hint(), s, t, 1), s, x -> Reference.mse(x, doubles(t)));
  }

  @Test
  void hint_ofMapsOfDifferentSize_poolsTheLargerOne() {
    float[] s = random(16, 2 * 3 * 6 * 6, 1);
    float[] t = random(17, 2 * 3 * 4 * 4, 1);
    Result result = run(hint(), s, t, Shape.of(2, 3, 6, 6), Shape.of(2, 3, 4, 4), 1);
    check(result, s, x -> Reference.mse(Reference.pool(x, 6, 6, 6, 3, 1), doubles(t)));
  }

  private static Term hint() {
    return new Hint("hint", "student/layer", "teacher/layer", Schedule.constant(1));
  }

  @Test
  void hint_ofDifferentWidths_makesALinearAdapter() {
    Graph graph = sceneGraph(Shape.of(B, 5), Shape.of(B, 8));
    assertThat(graph.parameters(StepGraph.ADAPTERS))
        .extracting(value -> value.shape().toString())
        .containsExactly("[8, 5]", "[8]");
  }

  @Test
  void hint_ofMapsWithDifferentChannels_makesAOneByOneConvolution() {
    Graph graph = sceneGraph(Shape.of(B, 4, 13, 13), Shape.of(B, 9, 24, 24));
    assertThat(graph.parameters(StepGraph.ADAPTERS))
        .extracting(value -> value.shape().toString())
        .containsExactly("[9, 4, 1, 1]", "[9]");
  }

  private static Graph sceneGraph(Shape student, Shape teacher) {
    Graph graph = new Graph(Mode.TRAINING);
    graph.name("student/layer", graph.input("s", student, DType.FLOAT32));
    graph.name("teacher/layer", graph.input("t", teacher, DType.FLOAT32));
    Value labels = graph.input("labels", Shape.of(B), DType.INT32);
    Value loss = hint().loss(new Scene(graph, B, hint(), Map.of(), Set.of("teacher"), labels));
    assertThat(loss.shape()).isEqualTo(Shape.of(1));
    return graph;
  }
}
