package io.retort.graph;

/**
 * Adam (Kingma, Ba 2015). {@code decoupled} makes the weight decay that of AdamW (Loshchilov,
 * Hutter 2019); otherwise it is L2, added to the gradient.
 */
public record AdamSettings(
    float beta1, float beta2, float epsilon, float weightDecay, boolean decoupled)
    implements Attributes {
  public AdamSettings {
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0 && weightDecay >= 0)) {
      throw new IllegalArgumentException(
          "[adam] betas must be in [0, 1), epsilon above 0 and weight decay at least 0: "
              + "betas %s and %s, epsilon %s, weight decay %s"
                  .formatted(beta1, beta2, epsilon, weightDecay));
    }
  }

  /** Betas 0.9 and 0.999, epsilon 1e-8, no decay. */
  public static AdamSettings standard() {
    return new AdamSettings(0.9f, 0.999f, 1e-8f, 0, false);
  }

  /** AdamW with the standard betas. */
  public static AdamSettings decoupled(float weightDecay) {
    return new AdamSettings(0.9f, 0.999f, 1e-8f, weightDecay, true);
  }
}
