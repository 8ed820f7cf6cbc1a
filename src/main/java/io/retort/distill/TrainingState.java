package io.retort.distill;

import io.retort.tensor.HostTensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a phase stands, beside its variables. Everything random is a function of the seed and of
 * these numbers.
 */
final class TrainingState {
  private static final String BEST = "best/";

  /** Epochs done. */
  int epoch;

  /** Samples done of the present epoch. */
  int position;

  /** Steps done. */
  long step;

  int epochsWithoutImprovement;
  final Map<String, Best> best = new LinkedHashMap<>();

  /** Accuracy after the last whole epoch, by model. */
  final Map<String, Double> accuracy = new LinkedHashMap<>();

  private final List<Term> terms;
  private final double[] sums;
  private double total;
  private long samples;

  TrainingState(Phase phase) {
    terms = phase.terms();
    sums = new double[terms.size()];
    for (String model : phase.train()) {
      best.put(model, Best.NONE);
      accuracy.put(model, Double.NaN);
    }
  }

  /** Adds a term's loss over some samples. */
  void addLoss(int term, double loss, double weight, int count) {
    sums[term] += loss * count;
    total += weight * loss * count;
  }

  void addSamples(int count) {
    samples += count;
    position += count;
    step++;
  }

  void nextEpoch() {
    epoch++;
    position = 0;
    samples = 0;
    total = 0;
    Arrays.fill(sums, 0);
  }

  /** Means over the epoch so far. */
  Map<String, Double> losses() {
    Map<String, Double> losses = new LinkedHashMap<>();
    losses.put("total", samples == 0 ? Double.NaN : total / samples);
    for (int i = 0; i < sums.length; i++) {
      losses.put(terms.get(i).label(), samples == 0 ? Double.NaN : sums[i] / samples);
    }
    return losses;
  }

  /** All but the weights, as a checkpoint's metadata. */
  Map<String, String> numbers() {
    Map<String, String> map = new LinkedHashMap<>();
    map.put("epoch", Integer.toString(epoch));
    map.put("position", Integer.toString(position));
    map.put("step", Long.toString(step));
    map.put("epochsWithoutImprovement", Integer.toString(epochsWithoutImprovement));
    map.put("samples", Long.toString(samples));
    map.put("loss.total", Double.toString(total));
    for (int i = 0; i < sums.length; i++) {
      map.put("loss." + i, Double.toString(sums[i]));
    }
    best.forEach(
        (model, found) -> {
          map.put("best.epoch." + model, Integer.toString(found.epoch()));
          map.put("best.accuracy." + model, Double.toString(found.accuracy()));
          map.put("accuracy." + model, Double.toString(accuracy.get(model)));
        });
    return map;
  }

  /** The best epochs' weights, as a checkpoint's tensors. */
  Map<String, HostTensor> tensors() {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    best.forEach(
        (model, found) ->
            found
                .weights()
                .forEach((path, tensor) -> tensors.put(BEST + model + "/" + path, tensor)));
    return tensors;
  }

  /** Takes up what {@link #numbers()} and {@link #tensors()} gave. */
  void restore(Checkpoint checkpoint) {
    epoch = (int) checkpoint.whole("epoch");
    position = (int) checkpoint.whole("position");
    step = checkpoint.whole("step");
    epochsWithoutImprovement = (int) checkpoint.whole("epochsWithoutImprovement");
    samples = checkpoint.whole("samples");
    total = checkpoint.number("loss.total");
    for (int i = 0; i < sums.length; i++) {
      sums[i] = checkpoint.number("loss." + i);
    }
    for (String model : List.copyOf(best.keySet())) {
      Map<String, HostTensor> weights = new HashMap<>(checkpoint.under(BEST + model + "/"));
      int at = (int) checkpoint.whole("best.epoch." + model);
      best.put(model, new Best(checkpoint.number("best.accuracy." + model), at, weights));
      accuracy.put(model, checkpoint.number("accuracy." + model));
    }
  }
}
