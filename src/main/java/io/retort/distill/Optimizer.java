package io.retort.distill;

import io.retort.graph.AdamSettings;
import io.retort.graph.Graph;
import io.retort.graph.SgdSettings;
import io.retort.graph.Value;
import io.retort.json.Fields;
import java.util.Map;
import java.util.function.Function;

/** How gradients change parameters, and at which learning rate. */
public sealed interface Optimizer {
  /** The learning rate after the warm-up. */
  Schedule learningRate();

  /**
   * While it lasts, the learning rate is multiplied by a factor that rises in a line from 0 to 1.
   */
  Span warmUp();

  /** The same optimiser at another learning rate. */
  Optimizer at(Schedule learningRate);

  Map<String, Object> toMap();

  /**
   * Declares the update of one parameter; {@code step} counts from 1, {@code scaleOrNull}
   * multiplies the gradient.
   */
  void update(
      Graph graph,
      Value parameter,
      Value gradient,
      Value learningRate,
      Value step,
      Value scaleOrNull);

  /**
   * The learning rate at a time, warm-up included. At the first step of the warm-up it is one
   * step's share, not 0.
   */
  default double learningRateAt(double epoch, double epochs, double stepLength) {
    double length = warmUp().of(epochs);
    double factor = length <= 0 ? 1 : Math.min(1, (epoch + stepLength) / length);
    return factor * learningRate().at(epoch, epochs);
  }

  /** Adam with the field's usual settings. */
  static Optimizer adam(double learningRate) {
    return new Adam(Schedule.constant(learningRate), Span.NONE, 0.9, 0.999, 1e-8, 0, false);
  }

  static Optimizer adamW(double learningRate, double weightDecay) {
    return new Adam(
        Schedule.constant(learningRate), Span.NONE, 0.9, 0.999, 1e-8, weightDecay, true);
  }

  static Optimizer sgd(double learningRate, double momentum, boolean nesterov) {
    return new Sgd(Schedule.constant(learningRate), Span.NONE, momentum, 0, nesterov);
  }

  /**
   * Adam (Kingma, Ba 2015), weight decay added to the gradient; {@code decoupled} is AdamW
   * (Loshchilov, Hutter 2019), weight decay apart from the gradient.
   */
  record Adam(
      Schedule learningRate,
      Span warmUp,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      boolean decoupled)
      implements Optimizer {
    static Adam parse(Fields f, boolean decoupled) {
      return new Adam(
          Schedule.parse(f, "learningRate", Schedule.constant(1e-3)),
          Span.parse(f, "warmUp"),
          belowOne(f, "beta1", 0.9),
          belowOne(f, "beta2", 0.999),
          aboveZero(f, "epsilon", 1e-8),
          atLeastZero(f, "weightDecay", decoupled ? 0.01 : 0),
          decoupled);
    }

    @Override
    public Optimizer at(Schedule rate) {
      return new Adam(rate, warmUp, beta1, beta2, epsilon, weightDecay, decoupled);
    }

    @Override
    public void update(
        Graph graph, Value p, Value gradient, Value rate, Value step, Value scaleOrNull) {
      AdamSettings settings =
          new AdamSettings(
              (float) beta1, (float) beta2, (float) epsilon, (float) weightDecay, decoupled);
      graph.adam(p, gradient, rate, step, scaleOrNull, settings);
    }

    @Override
    public Map<String, Object> toMap() {
      Map<String, Object> map = Settings.of("learningRate", learningRate.toJson());
      putWarmUp(map, warmUp);
      map.putAll(
          Settings.of(
              "beta1", beta1, "beta2", beta2, "epsilon", epsilon, "weightDecay", weightDecay));
      return Map.of(decoupled ? "adamw" : "adam", map);
    }
  }

  /** Stochastic gradient descent with momentum, as PyTorch computes it. */
  record Sgd(
      Schedule learningRate, Span warmUp, double momentum, double weightDecay, boolean nesterov)
      implements Optimizer {
    static Sgd parse(Fields f) {
      if (f.flag("nesterov", false) && f.number("momentum", 0) == 0) {
        throw f.wrong("nesterov", "false without momentum");
      }
      return new Sgd(
          Schedule.parse(f, "learningRate", Schedule.constant(0.01)),
          Span.parse(f, "warmUp"),
          belowOne(f, "momentum", 0),
          atLeastZero(f, "weightDecay", 0),
          f.flag("nesterov", false));
    }

    @Override
    public Optimizer at(Schedule rate) {
      return new Sgd(rate, warmUp, momentum, weightDecay, nesterov);
    }

    @Override
    public void update(
        Graph graph, Value p, Value gradient, Value rate, Value step, Value scaleOrNull) {
      graph.sgd(
          p,
          gradient,
          rate,
          scaleOrNull,
          new SgdSettings((float) momentum, (float) weightDecay, nesterov));
    }

    @Override
    public Map<String, Object> toMap() {
      Map<String, Object> map = Settings.of("learningRate", learningRate.toJson());
      putWarmUp(map, warmUp);
      map.putAll(
          Settings.of("momentum", momentum, "weightDecay", weightDecay, "nesterov", nesterov));
      return Map.of("sgd", map);
    }
  }

  /** The optimiser under {@code key}: {@code {"adam":{…}}}, {@code adamw} or {@code sgd}. */
  static Optimizer parse(Fields owner, String key, Optimizer otherwise) {
    if (!owner.has(key)) {
      return otherwise;
    }
    return OneOf.parse(
        owner.object(key),
        Map.<String, Function<Fields, Optimizer>>of(
            "adam",
            f -> Adam.parse(f, false),
            "adamw",
            f -> Adam.parse(f, true),
            "sgd",
            Sgd::parse));
  }

  private static double belowOne(Fields fields, String key, double otherwise) {
    double value = fields.number(key, otherwise);
    if (value < 0 || value >= 1) {
      throw fields.wrong(key, "from 0 to below 1");
    }
    return value;
  }

  private static double atLeastZero(Fields fields, String key, double otherwise) {
    double value = fields.number(key, otherwise);
    if (value < 0) {
      throw fields.wrong(key, "at least 0");
    }
    return value;
  }

  private static double aboveZero(Fields fields, String key, double otherwise) {
    double value = fields.number(key, otherwise);
    if (value <= 0) {
      throw fields.wrong(key, "above 0");
    }
    return value;
  }

  private static void putWarmUp(Map<String, Object> map, Span warmUp) {
    if (warmUp.length() > 0) {
      map.put("warmUp", warmUp.toMap());
    }
  }
}
