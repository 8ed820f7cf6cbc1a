package io.retort.http;

import io.retort.bus.Failure;
import io.retort.http.InferRequest.Wanted;
import io.retort.oip.Output;
import io.retort.oip.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the {@code outputs} that a request asks for; one thread at a time. */
final class InferOutputs {
  private static final byte[][] FIELDS = FieldCursor.words("name", "parameters");
  private static final byte[][] PARAMETERS = FieldCursor.words("binary_data");
  private static final byte[][] NAMES =
      FieldCursor.words(Output.PROBABILITIES.tensor(), Output.CLASS.tensor());
  private static final Output[] OUTPUTS = Output.values();
  private static final List<Wanted> ALL_JSON = each(false);
  private static final List<Wanted> ALL_BINARY = each(true);

  private enum Form {
    UNSAID,
    JSON,
    BINARY
  }

  private final Output[] asked = new Output[OUTPUTS.length];
  private final Form[] forms = new Form[OUTPUTS.length];
  private final JsonCursor json;
  private final FieldCursor fields;
  private int count;

  InferOutputs(JsonCursor json, FieldCursor fields) {
    this.json = json;
    this.fields = fields;
  }

  void reset() {
    count = 0;
  }

  /** The list that comes next. */
  void read() {
    for (boolean more = fields.open('[', "outputs"); more; more = fields.more(']')) {
      output();
    }
  }

  private void output() {
    Output output = null;
    Form form = Form.UNSAID;
    for (boolean more = fields.open('{', "an output"); more; more = fields.more('}')) {
      switch (fields.name(FIELDS)) {
        case 0 -> output = name();
        case 1 -> form = parameters();
        default -> json.skipValue();
      }
    }
    if (output == null) {
      throw Failure.INVALID_REQUEST.because("an output must have a name");
    }
    if (count == asked.length || count == 1 && asked[0] == output) {
      throw Failure.INVALID_REQUEST.because(
          "the output " + output.tensor() + " must be asked for once");
    }
    asked[count] = output;
    forms[count++] = form;
  }

  private Output name() {
    int name = fields.choice("the name of an output", NAMES);
    return name < 0 ? Output.named(fields.unknown()) : OUTPUTS[name];
  }

  private Form parameters() {
    Form form = Form.UNSAID;
    String what = "the parameters of an output";
    for (boolean more = fields.open('{', what); more; more = fields.more('}')) {
      if (fields.name(PARAMETERS) == 0) {
        form = fields.flag("the parameter binary_data") ? Form.BINARY : Form.JSON;
      } else {
        Parameters.requireSupported(fields.unknown());
        json.skipValue();
      }
    }
    return form;
  }

  /**
   * What was asked for; all outputs if none was named.
   *
   * @param binary how those come that do not say it themselves
   */
  List<Wanted> wanted(boolean binary) {
    if (count == 0) {
      return all(binary);
    }
    List<Wanted> wanted = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      wanted.add(new Wanted(asked[i], forms[i] == Form.UNSAID ? binary : forms[i] == Form.BINARY));
    }
    return wanted;
  }

  /** Every output. */
  static List<Wanted> all(boolean binary) {
    return binary ? ALL_BINARY : ALL_JSON;
  }

  private static List<Wanted> each(boolean binary) {
    return Arrays.stream(OUTPUTS).map(output -> new Wanted(output, binary)).toList();
  }
}
