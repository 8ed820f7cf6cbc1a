package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {
  private static final String SMALL =
      """
      {"name": "small",
       "models": {"teacher": {"architecture": "lenet5"}, "student": {"architecture": "lenet5-half"}},
       "phases": [{"name": "distill", "train": ["student"], "epochs": 2, "batch": 32,
         "optimizer": {"adam": {"learningRate": 0.001}},
         "terms": [{"softmaxKl": {"student": "student", "teacher": "teacher", "temperature": 4, "weight": 0.7}},
                   {"crossEntropy": {"model": "student", "weight": 0.3}}]}],
       "promote": "better"}
      """;

  static Recipe parse(String json) {
    return Recipe.parse(Fields.parse("recipe", json));
  }

  @ParameterizedTest
  @MethodSource("io.retort.distill.Recipe#builtIns")
  void builtIn_each_readsBackTheSame(String name) {
    Recipe recipe = Recipe.builtIn(name);
    assertThat(recipe.name()).isEqualTo(name);
    Recipe again = parse(Json.write(recipe.toMap()));
    assertThat(again).isEqualTo(recipe);
    assertThat(again.hash()).isEqualTo(recipe.hash());
  }

  @Test
  void builtIn_mnist_holdsTheDefaults() {
    Recipe recipe = Recipe.builtIn("mnist");
    Phase teacher = recipe.phases().get(0);
    Phase distill = recipe.phases().get(1);
    assertThat(teacher.onlyIfMissing()).isTrue();
    assertThat(teacher.epochs()).isEqualTo(3);
    assertThat(distill.epochs()).isEqualTo(10);
    assertThat(distill.batch()).isEqualTo(64);
    assertThat(distill.optimizer()).isEqualTo(Optimizer.adam(1e-3));
    assertThat(distill.terms()).containsExactly(Losses.softmaxKl(4, 0.7), Losses.crossEntropy(0.3));
    assertThat(distill.answeredOnce()).containsExactly("teacher");
    assertThat(recipe.promote()).isEqualTo(Promotion.BETTER);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"epochs\"| \"epocs\"| phases[0].epocs| epochs",
        "\"temperature\"| \"temprature\"| softmaxKl.temprature| temperature",
        "\"softmaxKl\"| \"softmaxKL\"| terms[0].softmaxKL| softmaxKl",
        "\"learningRate\"| \"learningrate\"| adam.learningrate| learningRate",
        "\"promote\"| \"promot\"| recipe.promot| promote",
        "{\"architecture\": \"lenet5\"}| {\"arhitecture\": \"lenet5\"}| teacher.arhitecture| architecture",
        "\"train\": [\"student\"]| \"train\": [\"studnt\"]| studnt| none does",
        "\"teacher\": \"teacher\"| \"teacher\": \"techer\"| techer| teacher",
        "\"lenet5-half\"| \"lenet-half\"| lenet-half| lenet5-half",
      })
  void parse_misspelt_namesTheFieldAndTheRightOne(
      String right, String wrong, String named, String hint) {
    assertThat(SMALL).contains(right);
    assertThatThrownBy(() -> parse(SMALL.replace(right, wrong)))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining(named)
        .hasMessageContaining(hint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"epochs\": 2| \"epochs\": 0| epochs must be at least 1",
        "\"epochs\": 2| \"epochs\": \"two\"| phases[0].epochs must be",
        "\"batch\": 32| \"batch\": 0| batch must be at least 1",
        "\"temperature\": 4| \"temperature\": 0| temperature must be above 0",
        "\"learningRate\": 0.001| \"beta1\": 1| beta1 must be from 0 to below 1",
        "\"better\"| \"best\"| promote must be one of",
        "\"phases\": [{| \"phases\": [7, {| phases[0] must be an object",
        "\"epochs\": 2| \"epochs\": 2, \"clipNorm\": -1| clipNorm must be at least 0",
        "\"epochs\": 2| \"earlyStopping\": {\"patience\": 0}| patience must be at least 1",
      })
  void parse_outOfRange_namesTheField(String right, String wrong, String message) {
    assertThat(SMALL).contains(right);
    assertThatThrownBy(() -> parse(SMALL.replace(right, wrong)))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining(message);
  }

  @Test
  void parse_twoTermsOfOneModel_needsLabels() {
    String two = "{\"crossEntropy\": {\"model\": \"student\", \"weight\": 0.3}}";
    assertThatThrownBy(() -> parse(SMALL.replace(two, two + "," + two)))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("hard-student");
  }

  @Test
  void parse_mutualLearning_labelsTermsByTheLearner() {
    List<String> labels =
        Recipe.builtIn("mnist-mutual").phases().get(0).terms().stream().map(Term::label).toList();
    assertThat(labels).containsExactly("soft-a", "soft-b", "hard-a", "hard-b");
  }

  @Test
  void load_file_readsIt(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("own.json");
    Files.writeString(file, SMALL);
    assertThat(Recipe.load(file.toString())).isEqualTo(parse(SMALL));
  }

  @Test
  void load_truncatedFile_isRefused(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("own.json");
    Files.writeString(file, SMALL.substring(0, 200));
    assertThatThrownBy(() -> Recipe.load(file.toString()))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("must be JSON");
  }

  @Test
  void load_unknownName_namesTheNearest() {
    assertThatThrownBy(() -> Recipe.load("mnist-quik"))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("mnist-quick");
  }

  @Test
  void with_changes_touchOnlyWhatTheyName() {
    Recipe recipe =
        Recipe.builtIn("mnist").withEpochs(2).withTemperature(2).withSoftWeight(0.9).withBatch(128);
    Phase distill = recipe.phases().get(1);
    assertThat(recipe.phases().get(0).epochs()).isEqualTo(3);
    assertThat(distill.epochs()).isEqualTo(2);
    assertThat(distill.batch()).isEqualTo(128);
    assertThat(distill.terms())
        .containsExactly(Losses.softmaxKl(2, 0.9), Losses.crossEntropy(1 - 0.9));
    assertThat(recipe.upTo("teacher").phases()).hasSize(1);
  }

  @Test
  void hardLabelsFirst_warmUp_weighsTheLabelsAlone() {
    Phase phase =
        parse(
                SMALL.replace(
                    "\"epochs\": 2", "\"epochs\": 10, \"hardLabelsFirst\": {\"fraction\": 0.2}"))
            .phases()
            .get(0);
    Term soft = phase.terms().get(0);
    Term hard = phase.terms().get(1);
    assertThat(phase.weight(soft, 1.99)).isEqualTo(0);
    assertThat(phase.weight(hard, 1.99)).isEqualTo(1);
    assertThat(phase.weight(soft, 2)).isEqualTo(0.7);
    assertThat(phase.weight(hard, 2)).isEqualTo(0.3);
  }

  @Test
  void answeredOnce_jitterOrInnerFeature_isEmpty() {
    Phase jittered = parse(SMALL.replace("\"epochs\": 2", "\"jitter\": 2")).phases().get(0);
    assertThat(jittered.frozen()).containsExactly("teacher");
    assertThat(jittered.answeredOnce()).isEmpty();
    assertThat(Recipe.builtIn("mnist-hint").phases().get(1).answeredOnce()).isEmpty();
  }

  @Test
  void inlineArchitecture_ofAnObject_isBuilt() {
    Map<String, Object> design =
        Map.of(
            "name",
            "tiny",
            "input",
            List.of(1, 28, 28),
            "layers",
            List.of("flatten", Map.of("linear", 10)));
    Recipe recipe = parse(SMALL.replace("\"lenet5-half\"", Json.write(design)));
    assertThat(recipe.models().get("student").architecture().parameters()).isEqualTo(7850);
    assertThat(parse(Json.write(recipe.toMap()))).isEqualTo(recipe);
  }
}
