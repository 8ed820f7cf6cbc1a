package io.retort.http;

import io.retort.bus.PredictReply;
import io.retort.http.InferRequest.Wanted;
import io.retort.oip.Output;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Writes {@code {"model_name":…,"model_version":…,"id":…,"outputs":[…]}} and the binary tensors
 * behind it; one thread at a time.
 */
final class InferWriter {
  private static final VarHandle FLOATS =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final byte[] ID = ascii(",\"id\":");
  private static final byte[] OUTPUTS = ascii(",\"outputs\":[");
  private static final byte[] DATA = ascii("],\"data\":[");
  private static final byte[] SIZE = ascii("],\"parameters\":{\"binary_data_size\":");
  private static final byte[][] TENSORS =
      Arrays.stream(Output.values())
          .map(
              output ->
                  ascii(
                      "{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":["
                          .formatted(output.tensor(), output.datatype())))
          .toArray(byte[][]::new);
  private static final int KEPT = 1 << 16;
  private static final int FLOAT_BYTES = 17;
  private static final int INTEGER_BYTES = 11;

  /** What an output's fields take beside its numbers. */
  private static final int FIELDS_BYTES = 160;

  private byte[] bytes = new byte[1024];
  private int at;
  private PredictReply named;
  private byte[] head;

  InferAnswer write(PredictReply reply, InferRequest request) {
    byte[] head = head(reply);
    byte[] id = request.id() == null ? null : quoted(request.id());
    reserve(most(reply, request.outputs()) + head.length + (id == null ? 0 : id.length));
    at = 0;
    put(head);
    if (id != null) {
      put(ID);
      put(id);
    }
    put(OUTPUTS);
    boolean binary = false;
    for (Wanted wanted : request.outputs()) {
      fields(reply, wanted);
      binary |= wanted.binary();
    }
    bytes[at - 1] = ']';
    bytes[at++] = '}';
    int jsonLength = at;
    for (Wanted wanted : request.outputs()) {
      if (wanted.binary()) {
        data(reply, wanted.output());
      }
    }
    return new InferAnswer(Buffer.buffer(at).appendBytes(bytes, 0, at), jsonLength, binary);
  }

  private static int most(PredictReply reply, List<Wanted> outputs) {
    int numbers = FLOAT_BYTES * reply.predictions().length + INTEGER_BYTES * reply.rows();
    return OUTPUTS.length + ID.length + outputs.size() * (FIELDS_BYTES + numbers);
  }

  private void reserve(int most) {
    if (bytes.length < most || bytes.length > Math.max(KEPT, 4 * most)) {
      bytes = new byte[most];
    }
  }

  /** One object of {@code outputs} and a comma behind it. */
  private void fields(PredictReply reply, Wanted wanted) {
    Output output = wanted.output();
    put(TENSORS[output.ordinal()]);
    integer(reply.rows());
    if (output == Output.PROBABILITIES) {
      bytes[at++] = ',';
      integer(reply.predictions().length / reply.rows());
    }
    if (wanted.binary()) {
      put(SIZE);
      integer(output.bytes(reply));
      bytes[at++] = '}';
    } else {
      put(DATA);
      numbers(reply, output);
      bytes[at - 1] = ']';
    }
    bytes[at++] = '}';
    bytes[at++] = ',';
  }

  /** The numbers of an output, a comma behind each. */
  private void numbers(PredictReply reply, Output output) {
    if (output == Output.PROBABILITIES) {
      for (float value : reply.predictions()) {
        at = FloatText.write(value, bytes, at);
        bytes[at++] = ',';
      }
    } else {
      for (int row = 0; row < reply.rows(); row++) {
        integer(Output.classOf(reply, row));
        bytes[at++] = ',';
      }
    }
  }

  private void data(PredictReply reply, Output output) {
    if (output == Output.PROBABILITIES) {
      for (float value : reply.predictions()) {
        FLOATS.set(bytes, at, value);
        at += Float.BYTES;
      }
    } else {
      for (int row = 0; row < reply.rows(); row++) {
        LONGS.set(bytes, at, (long) Output.classOf(reply, row));
        at += Long.BYTES;
      }
    }
  }

  /** A number from 0 on. */
  private void integer(int value) {
    int end = at + 1;
    for (int rest = value; rest >= 10; rest /= 10) {
      end++;
    }
    int rest = value;
    for (int i = end - 1; i >= at; i--) {
      bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    at = end;
  }

  private void put(byte[] text) {
    System.arraycopy(text, 0, bytes, at, text.length);
    at += text.length;
  }

  /** What comes first; the same from reply to reply until the model or its version changes. */
  private byte[] head(PredictReply reply) {
    if (named == null
        || !reply.version().equals(named.version())
        || !reply.model().equals(named.model())) {
      named = new PredictReply(reply.model(), reply.version(), 0, null, reply.source());
      head =
          "{\"model_name\":%s,\"model_version\":%s"
              .formatted(Json.encode(reply.model()), Json.encode(reply.version()))
              .getBytes(StandardCharsets.UTF_8);
    }
    return head;
  }

  /** An id as JSON; Jackson is asked only for what needs escapes or is not ASCII. */
  private static byte[] quoted(String id) {
    byte[] quoted = new byte[id.length() + 2];
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        return Json.encode(id).getBytes(StandardCharsets.UTF_8);
      }
      quoted[i + 1] = (byte) c;
    }
    quoted[0] = '"';
    quoted[quoted.length - 1] = '"';
    return quoted;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
