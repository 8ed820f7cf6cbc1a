package io.retort.graph;

/**
 * Stochastic gradient descent as PyTorch has it. {@code weightDecay} is L2, added to the gradient.
 */
public record SgdSettings(float momentum, float weightDecay, boolean nesterov)
    implements Attributes {
  public SgdSettings {
    if (!(momentum >= 0 && momentum < 1) || !(weightDecay >= 0) || (nesterov && momentum == 0)) {
      throw new IllegalArgumentException(
          "[sgd] momentum must be in [0, 1), above 0 for nesterov, and weight decay at least 0: "
              + "momentum %s, weight decay %s, nesterov %s"
                  .formatted(momentum, weightDecay, nesterov));
    }
  }

  /** No momentum, no decay. */
  public static SgdSettings plain() {
    return new SgdSettings(0, 0, false);
  }

  public static SgdSettings momentum(float momentum) {
    return new SgdSettings(momentum, 0, false);
  }
}
