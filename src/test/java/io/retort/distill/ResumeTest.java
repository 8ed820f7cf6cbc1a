package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.data.Dataset;
import io.retort.model.ModelStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A job that was stopped, in whichever way, ends with the weights of one that never was, bit for
 * bit.
 */
class ResumeTest {
  /**
   * Everything that has a state: dropout, batch norm, jitter, schedules, warm-up, clipping, an
   * adapter, early stopping.
   */
  private static final String RECIPE =
      """
      {"name": "everything",
       "models": {
         "teacher": {"architecture": "lenet5"},
         "student": {"architecture": {"name": "mixed", "input": [1, 28, 28], "layers": [
           {"conv": {"filters": 4, "kernel": 5}}, "batchNorm", "relu", {"maxPool": 2}, "flatten",
           {"linear": 32}, "relu", {"dropout": 0.2}, {"linear": 10}]}}},
       "phases": [
         {"name": "teacher", "train": ["teacher"], "onlyIfMissing": true, "epochs": 2, "batch": 32,
          "terms": [{"crossEntropy": {"model": "teacher"}}]},
         {"name": "distill", "train": ["student"], "epochs": 3, "batch": 32, "jitter": 1, "clipNorm": 1,
          "hardLabelsFirst": {"epochs": 0.5}, "earlyStopping": {"patience": 3},
          "optimizer": {"adamw": {"learningRate": {"cosine": {"from": 0.002, "to": 0}}, "warmUp": {"epochs": 0.3}}},
          "terms": [
            {"softmaxKl": {"student": "student", "teacher": "teacher", "weight": 0.7,
              "temperature": {"linear": {"from": 6, "to": 2}}}},
            {"hint": {"student": "student/relu1", "teacher": "teacher/relu1"}},
            {"crossEntropy": {"model": "student", "weight": 0.3}}]}]}
      """;

  private static String undisturbed;

  @TempDir Path directory;

  /** Thrown between two steps, as nothing else throws it. */
  private static final class Abort extends Error {
    private static final long serialVersionUID = 1L;
  }

  @BeforeAll
  static void runUndisturbed(@TempDir Path directory) {
    undisturbed = student(Trial.run(recipe(), Trial.options(directory, "job").build()));
  }

  private static Recipe recipe() {
    return RecipeTest.parse(RECIPE);
  }

  private static String student(Outcome outcome) {
    return outcome.models().get(outcome.models().size() - 1).hash();
  }

  /** Runs until that many steps, of all phases, have begun. */
  private void runUntil(int steps, boolean resume) {
    int[] begun = {0};
    TrainingOptions options = Trial.options(directory, "job").resume(resume).build();
    assertThatThrownBy(
            () ->
                new Distillation(recipe(), options)
                    .run(
                        progress -> {},
                        () -> {
                          if (++begun[0] > steps) {
                            throw new Abort();
                          }
                          return false;
                        }))
        .isInstanceOf(Abort.class);
  }

  private Outcome goOn() {
    return Trial.run(recipe(), Trial.options(directory, "job").resume(true).build());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void run_abortedAtRandomSteps_endsWithTheSameWeights(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    runUntil(random.nextInt(1, 60), false);
    runUntil(random.nextInt(1, 60), true);
    runUntil(random.nextInt(1, 30), true);
    assertThat(student(goOn())).isEqualTo(undisturbed);
  }

  @Test
  void run_cancelled_goesOnFromTheVeryStep() {
    int[] asked = {0};
    TrainingOptions options =
        Trial.options(directory, "job").checkpointEvery(Duration.ofHours(1)).build();
    Outcome outcome =
        new Distillation(recipe(), options).run(progress -> {}, () -> ++asked[0] > 75);
    assertThat(outcome.cancelled()).isTrue();
    int[] steps = {0};
    TrainingOptions resumed = Trial.options(directory, "job").resume(true).build();
    Outcome whole =
        new Distillation(recipe(), resumed)
            .run(
                progress -> {},
                () -> {
                  steps[0]++;
                  return false;
                });
    assertThat(student(whole)).isEqualTo(undisturbed);
    assertThat(steps[0]).isLessThan(5 * 32 - 75 + 10);
  }

  @Test
  void run_killedWithoutWarning_endsWithTheSameWeights() throws Exception {
    int alive = 0;
    for (int killed = 0; killed < 3; killed++) {
      Process child = Child.start(directory, killed > 0);
      Path checkpoint = directory.resolve("jobs/job/checkpoint.safetensors");
      for (int waited = 0;
          !Files.exists(checkpoint) && child.isAlive() && waited < 3000;
          waited++) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      TimeUnit.MILLISECONDS.sleep(150 + 100 * killed);
      alive += child.isAlive() ? 1 : 0;
      child.destroyForcibly().waitFor();
    }
    assertThat(alive).as("children killed while they ran").isPositive();
    assertThat(student(goOn())).isEqualTo(undisturbed);
    assertThat(Trial.weights(directory, "student")).isNotEmpty();
  }

  /** The same job in a JVM of its own, to be killed. */
  static final class Child {
    private Child() {}

    static Process start(Path directory, boolean resume) throws Exception {
      Path java = Path.of(System.getProperty("java.home"), "bin", "java");
      return new ProcessBuilder(
              java.toString(),
              "-cp",
              System.getProperty("java.class.path"),
              Child.class.getName(),
              directory.toString(),
              Boolean.toString(resume))
          .redirectErrorStream(true)
          .redirectOutput(directory.resolve("child.log").toFile())
          .start();
    }

    public static void main(String[] arguments) {
      TrainingOptions options =
          Trial.options(Path.of(arguments[0]), "job")
              .resume(Boolean.parseBoolean(arguments[1]))
              .build();
      Trial.run(recipe(), options);
    }
  }

  @Test
  void run_resumedWithAnotherRecipe_isRefused() {
    runUntil(10, false);
    TrainingOptions options = Trial.options(directory, "job").resume(true).build();
    assertThatThrownBy(() -> Trial.run(recipe().withEpochs(4), options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("job job must go on with the recipe it began with");
  }

  @Test
  void run_resumedWithOtherData_isRefused() {
    runUntil(10, false);
    Dataset other = Trial.train(900);
    TrainingOptions options =
        Trial.options(directory, "job").datasets(other, Trial.test(500)).resume(true).build();
    assertThatThrownBy(() -> Trial.run(recipe(), options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("training data");
  }

  @Test
  void run_resumedWithAnotherSeed_isRefused() {
    runUntil(10, false);
    TrainingOptions options = Trial.options(directory, "job").seed(8).resume(true).build();
    assertThatThrownBy(() -> Trial.run(recipe(), options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seed");
  }

  @Test
  void run_resumedWithAnotherTeacher_isRefused() {
    Recipe teacherOnly = recipe().upTo("teacher");
    Trial.run(teacherOnly, Trial.options(directory, "teacher").build());
    runUntil(20, false);
    Recipe always =
        new Recipe(
            "again",
            "",
            teacherOnly.models(),
            List.of(teacherOnly.phases().get(0).with(Map.of("onlyIfMissing", false))),
            Promotion.ALWAYS);
    Trial.run(always, Trial.options(directory, "again").seed(99).build());
    assertThatThrownBy(this::goOn)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the teacher it began with");
  }

  @Test
  void run_notEndedAndNotResumed_isRefused() {
    runUntil(10, false);
    assertThatThrownBy(() -> Trial.run(recipe(), Trial.options(directory, "job").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be resumed");
  }

  @Test
  void run_truncatedCheckpoint_isRefusedByName() throws Exception {
    runUntil(40, false);
    Path file = directory.resolve("jobs/job/checkpoint.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1000));
    assertThatThrownBy(this::goOn)
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("checkpoint.safetensors");
  }

  @Test
  void run_endedJobResumed_tellsItsOutcomeAgain() {
    Outcome first = Trial.run(recipe(), Trial.options(directory, "job").build());
    Outcome again = goOn();
    assertThat(again.models()).isEqualTo(first.models());
    try (ModelStore store = ModelStore.readOnly(directory.resolve("models"))) {
      assertThat(store.versions("student")).hasSize(1);
    }
  }
}
