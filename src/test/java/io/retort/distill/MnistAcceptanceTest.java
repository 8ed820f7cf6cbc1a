package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.model.ModelCard;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of built-in recipes on all of MNIST: minutes, so apart from the other tests. */
class MnistAcceptanceTest {
  @TempDir Path directory;

  private Outcome run(String recipe) {
    TrainingOptions options =
        TrainingOptions.builder().models(directory.resolve("models")).jobId(recipe).seed(1).build();
    return Trial.run(Recipe.builtIn(recipe), options);
  }

  private static double errors(ModelCard card) {
    return 10000 * (1 - card.metrics().get("accuracy"));
  }

  @Tag("slow")
  @Test
  void mnist_defaults_reachTheAccuracyOfTheDefaults() {
    Outcome outcome = run("mnist");
    assertThat(outcome.models().get(0).metrics().get("accuracy")).isGreaterThanOrEqualTo(0.985);
    assertThat(outcome.models().get(1).metrics().get("accuracy")).isGreaterThanOrEqualTo(0.985);
    assertThat(outcome.models().get(1).metrics().get("parameters")).isEqualTo(173930);
  }

  @Tag("hinton")
  @Test
  void hinton_softTargets_makeAtMostSixTenthsOfTheErrors() {
    ModelCard hard = run("hinton-mnist-hard").models().get(0);
    ModelCard soft = run("hinton-mnist-soft").models().get(1);
    assertThat(errors(soft)).isLessThanOrEqualTo(0.6 * errors(hard));
  }
}
