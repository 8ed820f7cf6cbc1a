package io.retort.bus;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * What the cache knows of a body: the reply to it, or what {@link Lesson} needs to teach it one.
 */
public final class Recollection {
  static final Format<Recollection> FORMAT = new Codec();

  private final PredictReply reply;
  private final BodyKey body;
  private final String version;
  private volatile Buffer text;

  private Recollection(PredictReply reply, BodyKey body, String version) {
    this.reply = reply;
    this.body = body;
    this.version = version;
  }

  /** The body was answered before. */
  public static Recollection of(PredictReply reply) {
    return new Recollection(reply, null, null);
  }

  /**
   * There is no answer.
   *
   * @param version that was drawn for it by the traffic; null for none
   */
  public static Recollection unknown(BodyKey body, String version) {
    return new Recollection(null, body, version);
  }

  /** Null where there is none. */
  public PredictReply reply() {
    return reply;
  }

  /** A request that was read from the body, for {@link Addresses#CACHE_LEARN}. */
  public Lesson lesson(PredictRequest request) {
    return new Lesson(request, body, version);
  }

  /** The reply as text; written when it is first asked for, kept as long as the cache keeps it. */
  public Buffer text(Function<PredictReply, Buffer> writer) {
    Buffer written = text;
    if (written == null) {
      written = writer.apply(reply);
      text = written;
    }
    return written;
  }

  private static final class Codec extends Format<Recollection> {
    Codec() {
      super(Recollection.class, 1);
    }

    @Override
    protected void write(WireWriter out, Recollection known) {
      out.integer(known.reply == null ? 0 : 1);
      if (known.reply == null) {
        Lesson.write(out, known.body, known.version);
      } else {
        PredictReply.FORMAT.write(out, known.reply);
      }
    }

    @Override
    protected Recollection read(WireReader in) {
      return in.integer() == 0
          ? unknown(Lesson.body(in), in.text())
          : of(PredictReply.FORMAT.read(in));
    }

    @Override
    public JsonObject toJson(Recollection known) {
      return known.reply == null
          ? Lesson.json(known.body, known.version)
          : new JsonObject().put("reply", PredictReply.FORMAT.toJson(known.reply));
    }

    @Override
    public Recollection fromJson(JsonObject json) {
      return json.containsKey("reply")
          ? of(PredictReply.FORMAT.fromJson(json.getJsonObject("reply")))
          : unknown(Lesson.body(json), json.getString("version"));
    }
  }
}
