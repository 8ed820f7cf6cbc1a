package io.retort.bus;

import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One report of a running job.
 *
 * @param sequence counts the reports of one job from 1; a gap is a report that was left out
 * @param phase {@code teacher}, {@code soft-labels}, {@code distill}, {@code evaluate}, and last
 *     {@code done}, {@code failed} or {@code cancelled}
 * @param loss the terms of the loss by name: {@code total}, {@code soft}, {@code hard} …
 * @param accuracy on held-out data, in [0, 1]; NaN while unknown
 */
public record ProgressFrame(
    String job,
    long sequence,
    String phase,
    int epoch,
    int epochs,
    long step,
    long steps,
    Map<String, Double> loss,
    double accuracy,
    double samplesPerSecond,
    double etaSeconds) {
  public static final Format<ProgressFrame> FORMAT = new Codec();

  private static final class Codec extends Format<ProgressFrame> {
    Codec() {
      super(ProgressFrame.class, 1);
    }

    @Override
    protected void write(WireWriter out, ProgressFrame frame) {
      out.text(frame.job)
          .whole(frame.sequence)
          .text(frame.phase)
          .integer(frame.epoch)
          .integer(frame.epochs);
      out.whole(frame.step).whole(frame.steps).integer(frame.loss.size());
      frame.loss.forEach((term, value) -> out.text(term).number(value));
      out.number(frame.accuracy).number(frame.samplesPerSecond).number(frame.etaSeconds);
    }

    @Override
    protected ProgressFrame read(WireReader in) {
      String job = in.text();
      long sequence = in.whole();
      String phase = in.text();
      int epoch = in.integer();
      int epochs = in.integer();
      long step = in.whole();
      long steps = in.whole();
      Map<String, Double> loss = new LinkedHashMap<>();
      for (int terms = in.integer(); terms > 0; terms--) {
        loss.put(in.text(), in.number());
      }
      return new ProgressFrame(
          job,
          sequence,
          phase,
          epoch,
          epochs,
          step,
          steps,
          loss,
          in.number(),
          in.number(),
          in.number());
    }

    @Override
    public JsonObject toJson(ProgressFrame frame) {
      JsonObject loss = new JsonObject();
      frame.loss.forEach((term, value) -> loss.put(term, finite(value)));
      return new JsonObject()
          .put("job", frame.job)
          .put("sequence", frame.sequence)
          .put("phase", frame.phase)
          .put("epoch", frame.epoch)
          .put("epochs", frame.epochs)
          .put("step", frame.step)
          .put("steps", frame.steps)
          .put("loss", loss)
          .put("accuracy", finite(frame.accuracy))
          .put("samplesPerSecond", finite(frame.samplesPerSecond))
          .put("etaSeconds", finite(frame.etaSeconds));
    }

    @Override
    public ProgressFrame fromJson(JsonObject json) {
      Map<String, Double> loss = new LinkedHashMap<>();
      JsonObject terms = json.getJsonObject("loss", new JsonObject());
      terms.fieldNames().forEach(term -> loss.put(term, orNaN(terms, term)));
      return new ProgressFrame(
          json.getString("job"),
          json.getLong("sequence", 0L),
          json.getString("phase"),
          json.getInteger("epoch", 0),
          json.getInteger("epochs", 0),
          json.getLong("step", 0L),
          json.getLong("steps", 0L),
          loss,
          orNaN(json, "accuracy"),
          orNaN(json, "samplesPerSecond"),
          orNaN(json, "etaSeconds"));
    }

    /** JSON has no NaN: null stands for what is not known. */
    private static Double finite(double value) {
      return Double.isFinite(value) ? value : null;
    }

    private static double orNaN(JsonObject json, String key) {
      Double value = json.getDouble(key);
      return value == null ? Double.NaN : value;
    }
  }
}
