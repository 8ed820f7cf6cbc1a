package io.retort.bus;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.json.JsonObject;

/**
 * How one kind of message travels: by reference inside a process (the sender gives its arrays
 * away), as bytes between nodes (a version byte, then the fields), as JSON to and from strangers.
 */
public abstract class Format<T> implements MessageCodec<T, T> {
  private final Class<T> type;
  private final String name;
  private final byte version;
  private final DeliveryOptions delivery;

  protected Format(Class<T> type, int version) {
    this.type = type;
    this.name = "retort." + type.getSimpleName();
    this.version = (byte) version;
    this.delivery = new DeliveryOptions().setCodecName(name);
  }

  protected abstract void write(WireWriter out, T message);

  protected abstract T read(WireReader in);

  public abstract JsonObject toJson(T message);

  /**
   * Reads a stranger's JSON.
   *
   * @throws FailureException with a sentence for the stranger
   */
  public abstract T fromJson(JsonObject json);

  public final Class<T> type() {
    return type;
  }

  final DeliveryOptions delivery() {
    return delivery;
  }

  @Override
  public final void encodeToWire(Buffer buffer, T message) {
    buffer.appendByte(version);
    write(new WireWriter(buffer), message);
  }

  @Override
  public final T decodeFromWire(int position, Buffer buffer) {
    byte came = buffer.getByte(position);
    if (came != version) {
      throw new IllegalArgumentException(
          "[" + name + "] the wire version must be " + version + ": " + came);
    }
    return read(new WireReader(name, buffer, position + 1));
  }

  @Override
  public final T transform(T message) {
    return message;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final byte systemCodecID() {
    return -1;
  }
}
