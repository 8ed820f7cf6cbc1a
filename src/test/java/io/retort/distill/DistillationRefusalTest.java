package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.data.Dataset;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.retort.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recipe, data and store that do not belong together: refused with both values. */
class DistillationRefusalTest {
  private static final String SOFT =
      "{\"softmaxKl\": {\"student\": \"student\", \"teacher\": \"teacher\", \"weight\": 0.7}}";

  @TempDir Path directory;

  @Test
  void run_storedTeacherOfAnotherShape_isRefused() {
    Trial.run(Trial.soft("\"epochs\": 1"), Trial.options(directory, "job").build());
    Recipe other =
        Recipe.parse(
            Fields.parse(
                "recipe",
                "{\"name\": \"other\", \"models\": {\"teacher\": {\"architecture\": \"lenet5-half-zskd\"}, \"student\":"
                    + " {\"architecture\": \"lenet5-half\"}}, \"phases\": ["
                    + Trial.TEACHER
                    + ", {\"name\": \"distill\", \"train\": [\"student\"], \"terms\": ["
                    + SOFT
                    + "]}]}"));
    assertThatThrownBy(() -> Trial.run(other, Trial.options(directory, "other").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lenet5-half-zskd")
        .hasMessageContaining("models.teacher.model");
  }

  @Test
  void run_noTeacherAnywhere_isRefused() {
    Recipe recipe = Trial.soft("\"epochs\": 1");
    Recipe alone =
        new Recipe("alone", "", recipe.models(), List.of(recipe.phases().get(1)), recipe.promote());
    assertThatThrownBy(() -> Trial.run(alone, Trial.options(directory, "job").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("live teacher");
  }

  @Test
  void run_samplesOfAnotherShape_isRefused() {
    Dataset data = Dataset.of(Shape.of(1, 8, 8), new byte[64 * 10], new int[10], 10);
    TrainingOptions options = Trial.options(directory, "job").datasets(data, data).build();
    assertThatThrownBy(() -> Trial.run(Trial.soft("\"epochs\": 1"), options))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("[1, 28, 28]")
        .hasMessageContaining("[1, 8, 8]");
  }

  @Test
  void run_unknownFeaturePath_namesTheNearest() {
    Recipe recipe =
        Trial.recipe(
            "\"epochs\": 1",
            "{\"hint\": {\"student\": \"student/rel1\", \"teacher\": \"teacher/relu1\"}}");
    assertThatThrownBy(() -> Trial.run(recipe, Trial.options(directory, "job").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("student/rel1")
        .hasMessageContaining("student/relu1");
  }
}
