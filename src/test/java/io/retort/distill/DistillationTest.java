package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.device.Memory;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DistillationTest {
  private static final String SOFT =
      "{\"softmaxKl\": {\"student\": \"student\", \"teacher\": \"teacher\", \"weight\": 0.7}}";
  private static final String HARD =
      "{\"crossEntropy\": {\"model\": \"student\", \"weight\": 0.3}}";

  @TempDir Path directory;

  @Test
  void run_smallData_reachesASaneAccuracyAndGoesLive() {
    TrainingOptions options =
        Trial.options(directory, "first").datasets(Trial.train(2000), Trial.test(1000)).build();
    List<Progress> reports = new ArrayList<>();
    Outcome outcome =
        new Distillation(Trial.soft("\"epochs\": 6, \"batch\": 16"), options)
            .run(reports::add, () -> false);
    assertThat(outcome.cancelled()).isFalse();
    assertThat(outcome.models()).extracting(ModelCard::name).containsExactly("teacher", "student");
    assertThat(outcome.metrics().get("accuracy")).isGreaterThan(0.85);
    assertThat(outcome.metrics().get("klToTeacher")).isBetween(0.0, 0.6);
    ModelCard student = outcome.models().get(1);
    assertThat(student.teacherHash()).isEqualTo(outcome.models().get(0).hash());
    assertThat(student.recipe()).isEqualTo("trial");
    try (ModelStore store = ModelStore.readOnly(directory.resolve("models"))) {
      assertThat(store.live("student").orElseThrow().version()).isEqualTo("1");
      assertThat(store.live("teacher").orElseThrow().version()).isEqualTo("1");
    }
    assertThat(reports)
        .extracting(Progress::phase)
        .containsSubsequence("teacher", "soft-labels", "distill", "evaluate");
    Progress last =
        reports.stream()
            .filter(r -> r.phase().equals("distill") && r.epoch() == 6)
            .reduce((a, b) -> b)
            .orElseThrow();
    assertThat(last.step()).isEqualTo(last.steps()).isEqualTo(6 * 125);
    assertThat(last.loss()).containsOnlyKeys("total", "soft", "hard");
    assertThat(last.loss().get("total"))
        .isCloseTo(0.7 * last.loss().get("soft") + 0.3 * last.loss().get("hard"), within(1e-6));
  }

  @Test
  void run_again_loadsTheTeacherAndItsAnswers() throws Exception {
    Recipe recipe = Trial.soft("\"epochs\": 1");
    Trial.run(recipe, Trial.options(directory, "first").build());
    List<String> phases = new ArrayList<>();
    new Distillation(recipe, Trial.options(directory, "second").build())
        .run(report -> phases.add(report.phase()), () -> false);
    assertThat(phases).containsOnly("distill");
    try (Stream<Path> files = Files.list(directory.resolve("softlabels"))) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void run_sameSeed_givesTheSameWeightsAndOneVersion() {
    Recipe recipe = Trial.soft("\"epochs\": 1");
    Outcome first = Trial.run(recipe, Trial.options(directory, "first").build());
    Outcome second = Trial.run(recipe, Trial.options(directory, "second").build());
    assertThat(second.models().get(0).hash()).isEqualTo(first.models().get(1).hash());
    assertThat(second.models().get(0).version()).isEqualTo("1");
    Outcome other = Trial.run(recipe, Trial.options(directory, "third").seed(8).build());
    assertThat(other.models().get(0).hash()).isNotEqualTo(first.models().get(1).hash());
    assertThat(other.models().get(0).version()).isEqualTo("2");
  }

  @Test
  void run_damagedSoftLabels_areWorkedOutAgain() throws Exception {
    Recipe recipe = Trial.soft("\"epochs\": 1");
    Outcome first = Trial.run(recipe, Trial.options(directory, "first").build());
    try (Stream<Path> files = Files.list(directory.resolve("softlabels"))) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      }
    }
    Outcome second = Trial.run(recipe, Trial.options(directory, "second").build());
    assertThat(second.models().get(0).hash()).isEqualTo(first.models().get(1).hash());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"hint\": {\"student\": \"student/relu1\", \"teacher\": \"teacher/relu1\"}}",
        "{\"hint\": {\"student\": \"student/linear1\", \"teacher\": \"teacher/linear1\"}}",
        "{\"rkdDistance\": {\"student\": \"student/linear1\", \"teacher\": \"teacher/linear1\", \"weight\": 25}}",
        "{\"rkdAngle\": {\"student\": \"student\", \"teacher\": \"teacher\", \"weight\": 5}}",
        "{\"softmaxKl\": {\"student\": \"student\", \"teacher\": \"teacher\", \"form\": \"mse\", \"label\": \"mse\"}}",
        "{\"softmaxKl\": {\"student\": \"student\", \"teacher\": \"teacher\", \"standardize\": true, \"label\": \"z\","
            + " \"form\": \"crossEntropy\", \"temperature\": {\"cosine\": {\"from\": 4, \"to\": 1}}}}"
      })
  void run_anotherTerm_makesItsLossSmaller(String term) {
    Recipe recipe =
        Trial.recipe(
            "\"epochs\": 3, \"batch\": 16, \"clipNorm\": 5, \"optimizer\": {\"adam\": {\"learningRate\": 0.003}}",
            SOFT,
            HARD,
            term);
    String label = recipe.phases().get(1).terms().get(2).label();
    List<Progress> reports = new ArrayList<>();
    Outcome outcome =
        new Distillation(recipe, Trial.options(directory, "job").build())
            .run(reports::add, () -> false);
    double[] losses =
        reports.stream()
            .filter(r -> r.phase().equals("distill") && r.step() % 64 == 0)
            .mapToDouble(r -> r.loss().get(label))
            .toArray();
    assertThat(losses[losses.length - 1]).isLessThan(losses[0]);
    assertThat(Trial.weights(directory, "student").keySet())
        .isEqualTo(recipe.models().get("student").architecture().variables().keySet());
    assertThat(outcome.metrics().get("accuracy")).isGreaterThan(0.6);
  }

  @Test
  void run_mutualLearning_trainsBothPeers() {
    Recipe recipe =
        RecipeTest.parse(
            """
            {"name": "mutual", "models": {"a": {"architecture": "lenet5-half"}, "b": {"architecture": "lenet5-half"}},
             "phases": [{"name": "distill", "train": ["a", "b"], "epochs": 3, "batch": 32, "terms": [
               {"softmaxKl": {"student": "a", "teacher": "b", "temperature": 1}},
               {"softmaxKl": {"student": "b", "teacher": "a", "temperature": 1}},
               {"crossEntropy": {"model": "a"}}, {"crossEntropy": {"model": "b"}}]}]}
            """);
    Outcome outcome = Trial.run(recipe, Trial.options(directory, "job").build());
    assertThat(outcome.models()).extracting(ModelCard::name).containsExactly("a", "b");
    assertThat(outcome.models().get(0).hash()).isNotEqualTo(outcome.models().get(1).hash());
    for (ModelCard card : outcome.models()) {
      assertThat(card.metrics().get("accuracy")).isGreaterThan(0.6);
      assertThat(card.teacherHash()).isNull();
    }
  }

  @Test
  void run_twoStages_goesOnFromTheHintsWeights() {
    Recipe recipe =
        RecipeTest.parse(
            """
            {"name": "fitnet", "models": {"teacher": {"architecture": "lenet5"}, "student": {"architecture": "lenet5-half"}},
             "phases": [
               {"name": "teacher", "train": ["teacher"], "epochs": 1, "terms": [{"crossEntropy": {"model": "teacher"}}]},
               {"name": "hint", "train": ["student"], "epochs": 2, "keep": "last",
                "terms": [{"hint": {"student": "student/relu2", "teacher": "teacher/relu2"}}]},
               {"name": "distill", "train": ["student"], "epochs": 1,
                "terms": [{"softmaxKl": {"student": "student", "teacher": "teacher"}}]}]}
            """);
    Outcome staged = Trial.run(recipe, Trial.options(directory, "staged").build());
    assertThat(staged.models()).extracting(ModelCard::name).containsExactly("teacher", "student");
    Recipe single =
        new Recipe(
            "plain",
            "",
            recipe.models(),
            List.of(recipe.phases().get(0), recipe.phases().get(2)),
            recipe.promote());
    Outcome plain = Trial.run(single, Trial.options(directory.resolve("plain"), "plain").build());
    assertThat(plain.models().get(0).hash()).isEqualTo(staged.models().get(0).hash());
    assertThat(plain.models().get(1).hash()).isNotEqualTo(staged.models().get(1).hash());
  }

  @Test
  void run_jitter_answersInTheStep() throws Exception {
    Recipe recipe = Trial.soft("\"epochs\": 1, \"jitter\": 2");
    List<String> phases = new ArrayList<>();
    new Distillation(recipe, Trial.options(directory, "job").build())
        .run(report -> phases.add(report.phase()), () -> false);
    assertThat(phases)
        .containsSubsequence("teacher", "distill", "evaluate")
        .doesNotContain("soft-labels");
  }

  @Test
  void run_earlyStopping_endsBeforeTheLastEpoch() {
    Recipe recipe =
        Trial.soft(
            "\"epochs\": 9, \"earlyStopping\": {\"patience\": 1, \"minimumImprovement\": 0.9}");
    Outcome outcome = Trial.run(recipe, Trial.options(directory, "job").build());
    assertThat(outcome.metrics().get("epochs")).isEqualTo(2);
  }

  @Test
  void run_lossNotFinite_namesTermEpochAndStep() {
    Recipe recipe = Trial.soft("\"epochs\": 2, \"optimizer\": {\"sgd\": {\"learningRate\": 1e30}}");
    assertThatThrownBy(() -> Trial.run(recipe, Trial.options(directory, "job").build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageMatching(
            "\\[distill\\] the loss (soft|hard) must be finite: \\S+ in epoch 1, step \\d+");
  }

  @Test
  void run_endedOrFailed_freesTheDevicesMemory() {
    long before = Memory.allocatedBytes();
    Trial.run(Trial.soft("\"epochs\": 1"), Trial.options(directory, "good").build());
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
    Recipe diverging =
        Trial.soft("\"epochs\": 1, \"optimizer\": {\"sgd\": {\"learningRate\": 1e30}}");
    assertThatThrownBy(() -> Trial.run(diverging, Trial.options(directory, "bad").build()))
        .isInstanceOf(IllegalStateException.class);
    assertThat(Memory.allocatedBytes()).isEqualTo(before);
  }

  @Test
  void run_better_leavesTheBetterOneLive() {
    Recipe good = Trial.soft("\"epochs\": 3");
    Trial.run(good, Trial.options(directory, "good").build());
    Recipe worse = Trial.soft("\"epochs\": 1, \"optimizer\": {\"adam\": {\"learningRate\": 1e-6}}");
    Outcome outcome = Trial.run(worse, Trial.options(directory, "worse").build());
    try (ModelStore store = ModelStore.readOnly(directory.resolve("models"))) {
      assertThat(outcome.models().get(0).version()).isEqualTo("2");
      assertThat(store.live("student").orElseThrow().version()).isEqualTo("1");
    }
    Recipe always = new Recipe("always", "", worse.models(), worse.phases(), Promotion.ALWAYS);
    Trial.run(always, Trial.options(directory, "always").build());
    try (ModelStore store = ModelStore.readOnly(directory.resolve("models"))) {
      assertThat(store.live("student").orElseThrow().version()).isEqualTo("2");
    }
  }

  @Test
  void run_batchAboveTheData_usesEverySampleOnce() {
    AtomicInteger steps = new AtomicInteger();
    new Distillation(
            Trial.soft("\"epochs\": 2, \"batch\": 2000"), Trial.options(directory, "job").build())
        .run(
            report ->
                steps.set((int) (report.phase().equals("distill") ? report.step() : steps.get())),
            () -> false);
    assertThat(steps.get()).isEqualTo(2);
  }
}
