package io.retort.bus;

import io.vertx.core.json.JsonObject;

/**
 * A request with the body that it was read from: it is answered like any other, and then the body
 * is known.
 *
 * @param version that was drawn for it by the traffic; null for none
 */
public record Lesson(PredictRequest request, BodyKey body, String version) {
  static final Format<Lesson> FORMAT = new Codec();

  static void write(WireWriter out, BodyKey body, String version) {
    out.whole(body.high()).whole(body.low()).integer(body.length()).text(version);
  }

  static BodyKey body(WireReader in) {
    return new BodyKey(in.whole(), in.whole(), in.integer());
  }

  static JsonObject json(BodyKey body, String version) {
    return new JsonObject()
        .put("high", body.high())
        .put("low", body.low())
        .put("length", body.length())
        .put("version", version);
  }

  static BodyKey body(JsonObject json) {
    if (json.getValue("high") instanceof Number high
        && json.getValue("low") instanceof Number low
        && json.getValue("length") instanceof Number length) {
      return new BodyKey(high.longValue(), low.longValue(), length.intValue());
    }
    throw Failure.INVALID_REQUEST.because("high, low and length must be numbers");
  }

  private static final class Codec extends Format<Lesson> {
    Codec() {
      super(Lesson.class, 1);
    }

    @Override
    protected void write(WireWriter out, Lesson lesson) {
      Lesson.write(out, lesson.body, lesson.version);
      PredictRequest.FORMAT.write(out, lesson.request);
    }

    @Override
    protected Lesson read(WireReader in) {
      BodyKey body = body(in);
      String version = in.text();
      return new Lesson(PredictRequest.FORMAT.read(in), body, version);
    }

    @Override
    public JsonObject toJson(Lesson lesson) {
      return Lesson.json(lesson.body, lesson.version)
          .put("request", PredictRequest.FORMAT.toJson(lesson.request));
    }

    @Override
    public Lesson fromJson(JsonObject json) {
      if (!(json.getValue("request") instanceof JsonObject request)) {
        throw Failure.INVALID_REQUEST.because("request must be an object");
      }
      return new Lesson(
          PredictRequest.FORMAT.fromJson(request), body(json), json.getString("version"));
    }
  }
}
