package io.retort.http;

import io.retort.bus.Asker;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.bus.PredictRequest;
import io.retort.oip.Datatype;
import io.retort.oip.InputTensor;
import io.retort.oip.Parameters;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads an inference request: JSON, JSON with the tensor behind it, or the tensor alone. One thread
 * at a time.
 */
final class InferParser {
  /** The length of the JSON where no header says it: all of the body. */
  static final int ALL = -1;

  private static final int KEPT = 1 << 18;
  private static final int NONE = -1;
  private static final byte[][] FIELDS = FieldCursor.words("inputs", "outputs", "id", "parameters");
  private static final byte[][] PARAMETERS =
      FieldCursor.words("binary_data_output", Parameters.TIMEOUT);
  private static final byte[][] INPUT =
      FieldCursor.words("name", "shape", "datatype", "data", "parameters");
  private static final byte[][] INPUT_PARAMETERS = FieldCursor.words("binary_data_size");
  private static final byte[][] NAMES = FieldCursor.words(InputTensor.NAME);
  private static final Datatype[] DATATYPES = Datatype.values();
  private static final byte[][] DATATYPE_NAMES =
      FieldCursor.words(Arrays.stream(DATATYPES).map(Enum::name).toArray(String[]::new));

  private final JsonCursor json = new JsonCursor();
  private final FieldCursor fields = new FieldCursor(json);
  private final InferOutputs outputs = new InferOutputs(json, fields);
  private final InferNumbers numbers = new InferNumbers(json);
  private final long[] shape = new long[InputTensor.MAX_DIMENSIONS + 1];
  private final int maxRows;
  private final long timeoutMillis;
  private ByteBuffer bytes = ByteBuffer.allocate(1 << 14);
  private String id;
  private long timeout;
  private boolean binaryOutput;
  private int inputs;
  private boolean named;
  private int rank;
  private Datatype datatype;
  private boolean data;
  private long binarySize;

  InferParser(int maxRows, long timeoutMillis) {
    this.maxRows = maxRows;
    this.timeoutMillis = timeoutMillis;
  }

  /**
   * Reads a body.
   *
   * @param jsonLength bytes of JSON it begins with; {@link #ALL}, or 0 for one row of FP32 alone
   * @throws FailureException for what is not such a request
   */
  InferRequest parse(Buffer body, int jsonLength, InferPath path, String affinity) {
    if (jsonLength == 0) {
      return raw(body, path, affinity);
    }
    int end = jsonLength == ALL ? body.length() : jsonLength;
    if (end == 0) {
      throw Failure.INVALID_JSON.because("the body must be JSON, {\"inputs\":[…]}: it is empty");
    }
    body.getBytes(0, end, json.reset(end));
    request();
    json.end();
    InputTensor.requireOne(inputs);
    if (!named) {
      InputTensor.requireName(null);
    }
    InputTensor input =
        InputTensor.of(
            datatype == null ? Datatype.named(null) : datatype,
            Arrays.copyOf(shape, rank),
            maxRows);
    float[] values = values(body, end, input);
    return new InferRequest(
        question(path, input, values, affinity), input, id, outputs.wanted(binaryOutput));
  }

  private InferRequest raw(Buffer body, InferPath path, String affinity) {
    timeout = 0;
    long elements = body.length() / Datatype.FP32.bytes();
    InputTensor input = InputTensor.of(Datatype.FP32, new long[] {1, elements}, maxRows);
    float[] values = input.read(bytes(body, 0));
    return new InferRequest(
        question(path, input, values, affinity), input, null, InferOutputs.all(true));
  }

  private PredictRequest question(
      InferPath path, InputTensor input, float[] values, String affinity) {
    return new PredictRequest(
        path.model(),
        path.version(),
        input.rows(),
        values,
        Parameters.timeoutMillis(timeout, timeoutMillis),
        affinity,
        Asker.PATIENT);
  }

  private void request() {
    id = null;
    timeout = 0;
    binaryOutput = false;
    inputs = 0;
    outputs.reset();
    for (boolean more = fields.open('{', "the body"); more; more = fields.more('}')) {
      switch (fields.name(FIELDS)) {
        case 0 -> inputs();
        case 1 -> outputs.read();
        case 2 -> id = fields.text("id");
        case 3 -> parameters();
        default -> json.skipValue();
      }
    }
  }

  private void parameters() {
    for (boolean more = fields.open('{', "parameters"); more; more = fields.more('}')) {
      switch (fields.name(PARAMETERS)) {
        case 0 -> binaryOutput = fields.flag("the parameter binary_data_output");
        case 1 -> timeout = fields.whole("the parameter timeout");
        default -> json.skipValue();
      }
    }
  }

  private void inputs() {
    for (boolean more = fields.open('[', "inputs"); more; more = fields.more(']')) {
      if (inputs++ == 0) {
        input();
      } else {
        json.skipValue();
      }
    }
  }

  private void input() {
    named = false;
    rank = 0;
    datatype = null;
    data = false;
    binarySize = NONE;
    for (boolean more = fields.open('{', "an input"); more; more = fields.more('}')) {
      switch (fields.name(INPUT)) {
        case 0 -> named();
        case 1 -> shape();
        case 2 -> datatype();
        case 3 -> data();
        case 4 -> inputParameters();
        default -> json.skipValue();
      }
    }
  }

  private void named() {
    if (fields.choice("the name of an input", NAMES) < 0) {
      InputTensor.requireName(fields.unknown());
    }
    named = true;
  }

  private void datatype() {
    int index = fields.choice("the datatype of an input", DATATYPE_NAMES);
    datatype = index < 0 ? Datatype.named(fields.unknown()) : DATATYPES[index];
  }

  /** Of too many sizes one is kept, for the shape to be refused by it. */
  private void shape() {
    rank = 0;
    for (boolean more = fields.open('[', "the shape of an input"); more; more = fields.more(']')) {
      long size = fields.whole("a dimension of an input");
      if (rank < shape.length) {
        shape[rank++] = size;
      }
    }
  }

  private void data() {
    if (data) {
      throw InputTensor.refused("must have data once");
    }
    numbers.read();
    data = true;
  }

  private void inputParameters() {
    String what = "the parameters of an input";
    for (boolean more = fields.open('{', what); more; more = fields.more('}')) {
      if (fields.name(INPUT_PARAMETERS) == 0) {
        binarySize = fields.whole("the parameter binary_data_size");
        if (binarySize < 0) {
          throw Failure.INVALID_REQUEST.because(
              "the parameter binary_data_size must be 0 or more: " + binarySize);
        }
      } else {
        Parameters.requireSupported(fields.unknown());
        json.skipValue();
      }
    }
  }

  private float[] values(Buffer body, int end, InputTensor input) {
    boolean binary = binarySize != NONE;
    if (data == binary) {
      throw InputTensor.refused(
          data
              ? "must have data or binary_data_size: both came"
              : "must have data, or binary_data_size and as many bytes behind the JSON");
    }
    int behind = body.length() - end;
    if (behind != (binary ? binarySize : 0)) {
      throw InputTensor.refused(
          "must have %d bytes behind the JSON of %d bytes: %d came"
              .formatted(binary ? binarySize : 0, end, behind));
    }
    return binary ? input.read(bytes(body, end)) : numbers.fit(input);
  }

  /** The body from here on, until the next call. */
  private ByteBuffer bytes(Buffer body, int from) {
    int size = body.length() - from;
    if (bytes.capacity() < size || bytes.capacity() > Math.max(KEPT, 4 * size)) {
      bytes = ByteBuffer.allocate(size);
    }
    body.getBytes(from, body.length(), bytes.array());
    return bytes.clear().limit(size);
  }
}
