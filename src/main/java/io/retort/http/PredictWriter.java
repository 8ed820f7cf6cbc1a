package io.retort.http;

import io.retort.bus.PredictReply;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes {@code {"prediction":[[…]],"source":"model","model":"…","version":"…"}}; one thread at a
 * time.
 */
final class PredictWriter {
  private static final byte[] OPEN = "{\"prediction\":[".getBytes(StandardCharsets.US_ASCII);
  private static final int FLOAT_BYTES = 17;
  private byte[] bytes = new byte[1024];
  private PredictReply named;
  private byte[] tail;

  Buffer write(PredictReply reply) {
    int classes = reply.predictions().length / reply.rows();
    byte[] tail = tail(reply);
    int most =
        OPEN.length + reply.predictions().length * FLOAT_BYTES + 3 * reply.rows() + tail.length;
    if (bytes.length < most || bytes.length > Math.max(1 << 16, 4 * most)) {
      bytes = new byte[most];
    }
    byte[] b = bytes;
    System.arraycopy(OPEN, 0, b, 0, OPEN.length);
    int at = OPEN.length;
    for (int row = 0; row < reply.rows(); row++) {
      if (row > 0) {
        b[at++] = ',';
      }
      b[at++] = '[';
      for (int i = 0; i < classes; i++) {
        if (i > 0) {
          b[at++] = ',';
        }
        at = FloatText.write(reply.predictions()[row * classes + i], b, at);
      }
      b[at++] = ']';
    }
    System.arraycopy(tail, 0, b, at, tail.length);
    int length = at + tail.length;
    return Buffer.buffer(length).appendBytes(b, 0, length);
  }

  /**
   * What follows the numbers; the same from reply to reply until a version or the source changes.
   */
  private byte[] tail(PredictReply reply) {
    if (named == null
        || reply.source() != named.source()
        || !reply.version().equals(named.version())
        || !reply.model().equals(named.model())) {
      named = new PredictReply(reply.model(), reply.version(), 0, null, reply.source());
      String text =
          "],\"source\":\"%s\",\"model\":%s,\"version\":%s}"
              .formatted(reply.source().word(), quoted(reply.model()), quoted(reply.version()));
      tail = text.getBytes(StandardCharsets.UTF_8);
    }
    return tail;
  }

  private static String quoted(String text) {
    return io.vertx.core.json.Json.encode(text);
  }
}
