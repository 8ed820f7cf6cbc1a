package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.data.Dataset.Split;
import io.retort.device.DeviceKind;
import io.retort.json.Fields;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import io.retort.tensor.HostTensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Small jobs on the first samples of MNIST. */
final class Trial {
  static final String MODELS =
      "\"models\": {\"teacher\": {\"architecture\": \"lenet5\"}, \"student\": {\"architecture\": \"lenet5-half\"}}";
  static final String TEACHER =
      "{\"name\": \"teacher\", \"train\": [\"teacher\"], \"onlyIfMissing\": true, \"epochs\": 2, \"batch\": 16,"
          + " \"optimizer\": {\"adam\": {\"learningRate\": 0.003}}, \"terms\": [{\"crossEntropy\": {\"model\": \"teacher\"}}]}";

  private Trial() {}

  /** A recipe of a teacher's and a student's phase; the latter's settings and terms are given. */
  static Recipe recipe(String settings, String... terms) {
    return Recipe.parse(
        Fields.parse(
            "recipe trial",
            "{\"name\": \"trial\", "
                + MODELS
                + ", \"phases\": ["
                + TEACHER
                + ", {\"name\": \"distill\", \"train\": [\"student\"], "
                + settings
                + ", \"terms\": ["
                + String.join(", ", terms)
                + "]}]}"));
  }

  static Recipe soft(String settings) {
    return recipe(
        settings,
        "{\"softmaxKl\": {\"student\": \"student\", \"teacher\": \"teacher\", \"weight\": 0.7}}",
        "{\"crossEntropy\": {\"model\": \"student\", \"weight\": 0.3}}");
  }

  static Dataset train(int samples) {
    return Dataset.mnist(Split.TRAIN).subset(0, samples);
  }

  static Dataset test(int samples) {
    return Dataset.mnist(Split.TEST).subset(0, samples);
  }

  /** Two threads, 1,010 samples: at a batch of 16 the last one has 2, at 32 it has 18. */
  static TrainingOptions.Builder options(Path directory, String job) {
    return TrainingOptions.builder()
        .datasets(train(1010), test(500))
        .models(directory.resolve("models"))
        .jobId(job)
        .seed(7)
        .threads(2)
        .device(DeviceKind.CPU)
        .checkpointEvery(Duration.ZERO);
  }

  static Outcome run(Recipe recipe, TrainingOptions options) {
    return new Distillation(recipe, options).run(progress -> {}, () -> false);
  }

  /** The weights of a model's last version. */
  static Map<String, HostTensor> weights(Path directory, String model) {
    ModelStore store = ModelStore.readOnly(directory.resolve("models"));
    try (store) {
      ModelCard last = store.versions(model).get(store.versions(model).size() - 1);
      return store.weights(last);
    }
  }
}
