package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.model.Live;
import io.retort.model.ModelCard;
import java.util.Map;

/** Whether the traffic of a model may be changed so; what may not is refused with the reason. */
final class TrafficCheck {
  private static final int WHOLE = 100;

  private TrafficCheck() {}

  /** What the file says, which must be there. */
  static Live live(String model, Live live) {
    if (live == null) {
      throw Failure.INVALID_TRAFFIC.because(
          "no version of " + model + " is live: one must be promoted first");
    }
    return live;
  }

  static String previous(String model, Live live) {
    if (live(model, live).previous() == null) {
      throw Failure.INVALID_TRAFFIC.because(
          model + " has no version to go back to: " + live.version() + " is its first live one");
    }
    return live.previous();
  }

  static void shares(Map<String, Integer> percent) {
    int sum = 0;
    for (Map.Entry<String, Integer> share : percent.entrySet()) {
      Integer part = share.getValue();
      if (part == null || part < 1 || part > WHOLE) {
        throw Failure.INVALID_TRAFFIC.because(
            "the percent of version " + share.getKey() + " must be 1 to 100: " + part);
      }
      sum += part;
    }
    if (sum != WHOLE) {
      throw Failure.INVALID_TRAFFIC.because("the percents must have the sum 100: " + sum);
    }
  }

  static void shadow(String model, String version, Live live) {
    if (live.shares().containsKey(version)) {
      throw Failure.INVALID_TRAFFIC.because(
          "a shadow must have no share of the requests: version "
              + version
              + " of "
              + model
              + " has "
              + live.shares().get(version)
              + " percent");
    }
  }

  static void label(String label) {
    if (!Live.isLabel(label)) {
      throw Failure.INVALID_TRAFFIC.because(
          "a label must be of a-z, 0-9 and . _ -, begin with a letter, have at most 32 and not be"
              + " live: "
              + label);
    }
  }

  /** Versions that get the same requests must take the same rows and know the same classes. */
  static void alike(ModelCard live, ModelCard other) {
    long features = live.architecture().input().size();
    long came = other.architecture().input().size();
    if (came != features || other.architecture().classes() != live.architecture().classes()) {
      throw Failure.INVALID_TRAFFIC.because(
          "version %s must take rows of %d numbers and know %d classes, as the live one: %d and %d"
              .formatted(
                  other.version(),
                  features,
                  live.architecture().classes(),
                  came,
                  other.architecture().classes()));
    }
  }

  static FailureException inUse(String model, String version, Live live) {
    return Failure.MODEL_IN_USE.because(
        "version %s of %s takes part in its traffic: shares %s, labels %s, live %s, shadow %s"
            .formatted(
                version, model, live.shares(), live.labels(), live.version(), live.shadow()));
  }
}
