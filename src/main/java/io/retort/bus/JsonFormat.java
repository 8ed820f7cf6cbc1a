package io.retort.bus;

import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/** The format of a message without tensors: its JSON is also what goes over the wire. */
final class JsonFormat<T> extends Format<T> {
  private final Function<T, JsonObject> toJson;
  private final Function<JsonObject, T> fromJson;

  JsonFormat(
      Class<T> type,
      int version,
      Function<T, JsonObject> toJson,
      Function<JsonObject, T> fromJson) {
    super(type, version);
    this.toJson = toJson;
    this.fromJson = fromJson;
  }

  @Override
  protected void write(WireWriter out, T message) {
    out.text(toJson.apply(message).encode());
  }

  @Override
  protected T read(WireReader in) {
    return fromJson.apply(new JsonObject(in.text()));
  }

  @Override
  public JsonObject toJson(T message) {
    return toJson.apply(message);
  }

  @Override
  public T fromJson(JsonObject json) {
    try {
      return fromJson.apply(json);
    } catch (ClassCastException | NullPointerException | IllegalArgumentException e) {
      throw Failure.INVALID_REQUEST.because(
          "a "
              + type().getSimpleName()
              + " cannot be read from these fields: "
              + String.join(", ", json.fieldNames()));
    }
  }
}
