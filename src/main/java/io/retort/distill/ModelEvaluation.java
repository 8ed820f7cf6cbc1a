package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.device.Device;
import io.retort.graph.Variables;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import java.nio.FloatBuffer;

/**
 * What a stored model knows of a data set.
 *
 * @param accuracy share of the samples whose largest logit is the label's
 * @param crossEntropy mean over the samples, in nats
 * @param samplesPerSecond of the forward passes, images gathered
 */
public record ModelEvaluation(
    ModelCard card, int samples, double accuracy, double crossEntropy, double samplesPerSecond) {

  /** Evaluates one version. */
  public static ModelEvaluation of(ModelStore store, ModelCard card, Dataset data, Device device) {
    if (!card.architecture().input().equals(data.sample())) {
      throw new IllegalArgumentException(
          "[evaluate] the samples must have the model's input shape "
              + card.architecture().input()
              + ": "
              + data.sample());
    }
    String scope = card.name();
    try (Variables variables = new Variables(device);
        Forward forward = new Forward(device, variables, scope, card.architecture(), data, 0)) {
      new Weights(card.hash(), store.weights(card)).into(variables, scope);
      long begin = System.nanoTime();
      FloatBuffer logits = forward.logits(data);
      double seconds = (System.nanoTime() - begin) / 1e9;
      return new ModelEvaluation(
          card,
          data.size(),
          Scores.accuracy(logits, data),
          Scores.crossEntropy(logits, data),
          data.size() / seconds);
    }
  }
}
