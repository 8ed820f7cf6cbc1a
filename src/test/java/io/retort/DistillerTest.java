package io.retort;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.Losses;
import io.retort.distill.Recipe;
import io.retort.distill.Schedule;
import io.retort.distill.Span;
import io.retort.json.Fields;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import org.junit.jupiter.api.Test;

class DistillerTest {
  @Test
  void toRecipe_withoutCalls_isTheBuiltInOne() {
    Recipe mnist = Recipe.builtIn("mnist");
    Recipe own = Distiller.create().name("mnist").toRecipe();
    assertThat(own.phases()).isEqualTo(mnist.phases());
    assertThat(own.models()).isEqualTo(mnist.models());
    assertThat(own.promote()).isEqualTo(mnist.promote());
  }

  @Test
  void toRecipe_everySetting_saysWhatTheJsonSays() {
    Recipe fromJson =
        Recipe.parse(
            Fields.parse(
                "recipe",
                """
                {"name": "own",
                 "models": {"teacher": {"architecture": "lenet5"}, "student": {"architecture": "lenet5-half"}},
                 "phases": [
                   {"name": "teacher", "train": ["teacher"], "onlyIfMissing": true, "epochs": 2, "batch": 32,
                    "jitter": 1, "terms": [{"crossEntropy": {"model": "teacher"}}]},
                   {"name": "distill", "train": ["student"], "epochs": 5, "batch": 32, "jitter": 1, "clipNorm": 5,
                    "hardLabelsFirst": {"fraction": 0.2}, "earlyStopping": {"patience": 3, "minimumImprovement": 0.001},
                    "optimizer": {"adam": {"learningRate": {"cosine": {"from": 0.002, "to": 0}}}},
                    "terms": [
                      {"softmaxKl": {"student": "student", "teacher": "teacher", "weight": 0.9,
                        "temperature": {"linear": {"from": 4, "to": 1}}}},
                      {"hint": {"student": "student/relu1", "teacher": "teacher/relu1", "weight": 10}},
                      {"rkdDistance": {"student": "student", "teacher": "teacher", "weight": 25}},
                      {"crossEntropy": {"model": "student", "weight": 0.1}}]}]}
                """));
    Recipe fluent =
        Distiller.create()
            .name("own")
            .teacher("lenet5")
            .student("lenet5-half")
            .teacherEpochs(2)
            .epochs(5)
            .batch(32)
            .jitter(1)
            .clipNorm(5)
            .hardLabelsFirst(Span.fraction(0.2))
            .earlyStopping(3, 0.001)
            .schedule(Schedule.cosine(0.002, 0, 1))
            .loss(
                Losses.softmaxKl(Schedule.linear(4, 1), Schedule.constant(0.9)),
                Losses.hint("student/relu1", "teacher/relu1", 10),
                Losses.rkdDistance("student", "teacher", 25),
                Losses.crossEntropy(0.1))
            .toRecipe();
    assertThat(fluent).isEqualTo(fromJson);
    assertThat(fluent.hash()).isEqualTo(fromJson.hash());
  }

  @Test
  void student_ofAnArchitecture_isStoredUnderItsName() {
    Recipe recipe = Distiller.create().student(Architecture.mlp(Shape.of(784), 32, 10)).toRecipe();
    assertThat(recipe.models().get("student").model()).isEqualTo("mlp-784-32-10");
    assertThat(recipe.models().get("student").architecture().parameters())
        .isEqualTo(784 * 32 + 32 + 320 + 10);
  }
}
