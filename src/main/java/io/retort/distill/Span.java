package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.util.Map;

/**
 * A stretch of training, in epochs or as a fraction of the whole phase: {@code {"epochs":2}},
 * {@code {"fraction":0.2}}.
 */
public record Span(double length, boolean fraction) {
  /** No time at all. */
  public static final Span NONE = new Span(0, false);

  public Span {
    if (!(length >= 0) || fraction && length > 1) {
      throw new IllegalArgumentException(
          "[schedule] a span must be a number of epochs from 0 or a fraction from 0 to 1: "
              + length);
    }
  }

  public static Span epochs(double epochs) {
    return new Span(epochs, false);
  }

  public static Span fraction(double fraction) {
    return new Span(fraction, true);
  }

  /** Its length in epochs where the whole is {@code epochs} long. */
  double of(double epochs) {
    return fraction ? length * epochs : length;
  }

  /** The span under {@code key}; none where there is none. */
  static Span parse(Fields owner, String key) {
    if (!owner.has(key)) {
      return NONE;
    }
    Fields fields = owner.object(key);
    boolean inEpochs = fields.has("epochs");
    boolean inFraction = fields.has("fraction");
    fields.end();
    if (inEpochs == inFraction) {
      throw owner.wrong(key, "either {\"epochs\": number} or {\"fraction\": number}");
    }
    try {
      return new Span(fields.number(inEpochs ? "epochs" : "fraction"), inFraction);
    } catch (JsonException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw owner.wrong(key, "at least 0 epochs, or a fraction from 0 to 1");
    }
  }

  Map<String, Object> toMap() {
    return Map.of(fraction ? "fraction" : "epochs", length);
  }
}
