package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.FailureException;
import io.retort.http.InferRequest.Wanted;
import io.retort.oip.Output;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferParserTest {
  private static final InferPath PATH = new InferPath("", "student", "3");
  private static final String BINARY =
      """
      {"inputs":[{"name":"features","shape":[2,2],"datatype":"FP32",
      "parameters":{"binary_data_size":16}}]}""";

  private final InferParser parser = new InferParser(4, 250);

  @Test
  void parse_json_isTheQuestionOfThisModel() {
    InferRequest request =
        parse(
            """
            { "id": "4\\u00e92", "other": [{}], "parameters": {"timeout": 20001, "priority": 1},
              "inputs": [ {"data": [0,0,0,0, 1.5 , -2], "name": "features", "shape": [2, 3],
                           "datatype": "FP32", "parameters": {"more": null}} ] }""");

    assertThat(request.id()).isEqualTo("4é2");
    assertThat(request.question().model()).isEqualTo("student");
    assertThat(request.question().version()).isEqualTo("3");
    assertThat(request.question().affinity()).isEqualTo("user-1");
    assertThat(request.question().rows()).isEqualTo(2);
    assertThat(request.question().features()).containsExactly(0, 0, 0, 0, 1.5f, -2);
    assertThat(request.question().timeoutMillis()).isEqualTo(21);
    assertThat(request.outputs())
        .containsExactly(new Wanted(Output.PROBABILITIES, false), new Wanted(Output.CLASS, false));
  }

  @Test
  void parse_secondBody_knowsNothingOfTheFirst() {
    parse(
        """
        {"id":"1","parameters":{"timeout":1,"binary_data_output":true},
        "outputs":[{"name":"class"}],
        "inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":[1,2]}]}""");

    InferRequest request = parse(input("[3]", "[1,2,3]"));

    assertThat(request.id()).isNull();
    assertThat(request.question().timeoutMillis()).isEqualTo(250);
    assertThat(request.question().features()).containsExactly(1, 2, 3);
    assertThat(request.outputs()).isEqualTo(InferOutputs.all(false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [4]     | [1,2,3,4]         | 1
          [2,2]   | [[1,2],[3,4]]     | 2
          [2,2,1] | [[[1],[2]],[[3],[4]]] | 2
          [2,1,2] | [1,2, 3 ,4]       | 2
          [4,1]   | [[1],[2],[3],[4]] | 4
          """)
  void parse_dataFlatOrNested_isRowAfterRow(String shape, String data, int rows) {
    InferRequest request = parse(input(shape, data));

    assertThat(request.question().rows()).isEqualTo(rows);
    assertThat(request.question().features()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void parse_binaryData_standsBehindTheJson() {
    Buffer body = Buffer.buffer(BINARY).appendBytes(floats(1, 2, 3, 4));

    InferRequest request = parser.parse(body, BINARY.length(), PATH, null);

    assertThat(request.question().rows()).isEqualTo(2);
    assertThat(request.question().features()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void parse_binaryDataOfAnotherType_isConverted() {
    String json = BINARY.replace("FP32", "UINT8").replace("16", "4");
    Buffer body = Buffer.buffer(json).appendBytes(new byte[] {0, 1, (byte) 200, (byte) 255});

    assertThat(parser.parse(body, json.length(), PATH, null).question().features())
        .containsExactly(0, 1, 200, 255);
  }

  @Test
  void parse_tensorAlone_isOneRowAndBinaryOutputs() {
    parse("{\"id\":\"1\",\"parameters\":{\"timeout\":1}," + input("[1]", "[0]").substring(1));

    InferRequest request = parser.parse(Buffer.buffer(floats(5, 6, 7)), 0, PATH, null);

    assertThat(request.question().rows()).isEqualTo(1);
    assertThat(request.question().features()).containsExactly(5, 6, 7);
    assertThat(request.question().timeoutMillis()).isEqualTo(250);
    assertThat(request.id()).isNull();
    assertThat(request.outputs()).isEqualTo(InferOutputs.all(true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "outputs":[]                                          | true  | probabilities:true class:true
          "outputs":[{"name":"class"}]                          | false | class:false
          "outputs":[{"name":"class"},{"name":"probabilities"}] | true  | class:true probabilities:true
          "outputs":[{"name":"class","parameters":{"binary_data":false}},{"name":"probabilities"}] | true | class:false probabilities:true
          "outputs":[{"parameters":{"binary_data":true,"x":{}},"name":"probabilities"}] | false | probabilities:true
          """)
  void parse_outputs_areAsAskedFor(String outputs, boolean binary, String expected) {
    String rest = input("[1]", "[0]").substring(1);

    InferRequest request =
        parse("{%s,\"parameters\":{\"binary_data_output\":%s},%s".formatted(outputs, binary, rest));

    assertThat(request.outputs())
        .extracting(wanted -> wanted.output().tensor() + ":" + wanted.binary())
        .containsExactly(expected.split(" "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                        | invalid_json    | it is empty
          []                        | invalid_request | the body must be an object
          {                         | invalid_json    | must come next, but the body ends
          {}                        | invalid_tensor  | inputs must be one tensor, features: 0 came
          {"inputs":[]}             | invalid_tensor  | 0 came
          {"inputs":[{},{}]}        | invalid_tensor  | 2 came
          {"inputs":{}}             | invalid_request | inputs must be a list
          {"inputs":[7]}            | invalid_request | an input must be an object
          {"inputs":[{}]}           | invalid_tensor  | must be named features: it has no name
          {"inputs":[{"name":"features"}]} | invalid_tensor | UINT64: none came
          {"inputs":[{"name":"x"}]} | invalid_tensor  | must be named features: x
          {"inputs":[{"name":7}]}   | invalid_request | the name of an input must be a text
          {"id":7}                  | invalid_request | id must be a text
          {"parameters":[]}         | invalid_request | parameters must be an object
          {"parameters":{"timeout":"1"}} | invalid_request | timeout must be a whole number
          {"parameters":{"timeout":1.5}} | invalid_request | timeout must be a whole number
          {"parameters":{"binary_data_output":1}} | invalid_request | binary_data_output must be true or false
          {"outputs":{}}            | invalid_request | outputs must be a list
          {"outputs":[1]}           | invalid_request | an output must be an object
          {"outputs":[{}]}          | invalid_request | an output must have a name
          {"outputs":[{"name":"x"}]} | invalid_tensor | outputs are probabilities and class: x
          {"outputs":[{"name":"class"},{"name":"class"}]} | invalid_request | class must be asked for once
          {"outputs":[{"name":"class"},{"name":"probabilities"},{"name":"class"}]} | invalid_request | once
          {"outputs":[{"name":"class","parameters":{"classification":3}}]} | unsupported | classification
          {"inputs":[{"parameters":{"shared_memory_region":"x"}}]} | unsupported | shared_memory_region
          {"inputs":[{"parameters":{"binary_data_size":-1}}]} | invalid_request | 0 or more: -1
          {"inputs":[{"shape":7}]}  | invalid_request | the shape of an input must be a list
          {"inputs":[{"shape":["1"]}]} | invalid_request | a dimension of an input must be a whole
          {"inputs":[{"shape":[1e2]}]} | invalid_request | a dimension of an input must be a whole
          {"inputs":[{"shape":[99999999999999999999]}]} | invalid_request | 18 digits at most
          {"inputs":[{"datatype":"BOOL"}]} | invalid_tensor | BOOL came
          {"inputs":[{"data":7}]}   | invalid_tensor  | must have a list of numbers as data
          {"inputs":[{"data":[1],"data":[1]}]} | invalid_tensor | data once
          """)
  void parse_badRequest_isRefusedWithCodeAndReason(String body, String code, String sentence) {
    requireRefusal(body, code, sentence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [2,2]   | [1,2,3]           | must have 4 numbers of data: 3 came
          [2,2]   | []                | 4 numbers of data: 0 came
          [2,2]   | [[],[]]           | 4 numbers of data: 0 came
          [4]     | [[1,2],[3,4]]     | lists of its shape [4]: they are [2, 2]
          [4,1]   | [[1,2],[3,4]]     | lists of its shape [4, 1]: they are [2, 2]
          [2,2]   | [[1,2],[3]]       | flat or in lists of equal length
          [2,2]   | [[1,2],3,4]       | flat or in lists of equal length
          [2,2]   | [1,[2]]           | number 1 is a list
          [2,2]   | [[[1,2]],[3,4]]   | flat or in lists of equal length
          [1]     | ["1"]             | number 0 is text
          [1]     | [true]            | number 0 is true or false
          [1]     | [null]            | number 0 is null
          [1]     | [NaN]             | number 0 is NaN
          [2]     | [0,1e39]          | number 1 is too large
          [1]     | [[[[[[[[[1]]]]]]]]] | nested 8 deep
          []      | [1]               | 1 to 8 dimensions: 0 came
          [1,1,1,1,1,1,1,1,1] | [1]   | 1 to 8 dimensions: 9 came
          [1,1,1,1,1,1,1,1,1,1,1] | [1] | 1 to 8 dimensions: 9 came
          [-2,-2] | [1,2,3,4]         | at least 1: its shape is [-2, -2]
          [4294967296,4294967296] | [1] | has more
          """)
  void parse_dataThatDoesNotFit_isRefused(String shape, String data, String sentence) {
    requireRefusal(input(shape, data), "invalid_tensor", sentence);
  }

  @Test
  void parse_moreRowsThanAllowed_isRefused() {
    requireRefusal(input("[5,1]", "[1,2,3,4,5]"), "batch_too_large", "4 rows: 5 came");
  }

  @Test
  void parse_noDataOrBoth_isRefused() {
    requireRefusal(
        BINARY.replace("\"parameters\":{\"binary_data_size\":16}", "\"parameters\":{}"),
        "invalid_tensor",
        "must have data, or binary_data_size");
    requireRefusal(
        BINARY.replace("\"parameters\"", "\"data\":[1,2,3,4],\"parameters\""),
        "invalid_tensor",
        "both came");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 12, 15, 17, 20})
  void parse_bytesBehindTheJsonThatAreNotThoseAnnounced_areRefused(int bytes) {
    Buffer body = Buffer.buffer(BINARY).appendBytes(new byte[bytes]);

    assertThatThrownBy(() -> parser.parse(body, BINARY.length(), PATH, null))
        .hasMessageContaining("must have 16 bytes behind the JSON")
        .hasMessageEndingWith(bytes + " came");
  }

  @Test
  void parse_bytesBehindJsonData_areRefused() {
    String json = input("[1]", "[0]");

    assertThatThrownBy(() -> parser.parse(Buffer.buffer(json + "x"), json.length(), PATH, null))
        .hasMessageContaining("0 bytes behind the JSON");
  }

  @Test
  void parse_announcedBytesThatTheShapeDoesNotHave_areRefused() {
    String json = BINARY.replace("16", "12");
    Buffer body = Buffer.buffer(json).appendBytes(new byte[12]);

    assertThatThrownBy(() -> parser.parse(body, json.length(), PATH, null))
        .hasMessageContaining("of shape [2, 2] and datatype FP32 must have 16 bytes of data: 12");
  }

  @Test
  void parse_notANumberInBinaryData_isRefused() {
    Buffer body = Buffer.buffer(BINARY).appendBytes(floats(1, 2, Float.NaN, 4));

    assertThatThrownBy(() -> parser.parse(body, BINARY.length(), PATH, null))
        .hasMessageContaining("number 2 is NaN");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 5})
  void parse_tensorAloneOfNoWholeNumbers_isRefused(int bytes) {
    assertThatThrownBy(() -> parser.parse(Buffer.buffer(new byte[bytes]), 0, PATH, null))
        .isInstanceOf(FailureException.class)
        .hasMessageContaining("input features");
  }

  private void requireRefusal(String body, String code, String sentence) {
    assertThatThrownBy(() -> parse(body))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure().code()).isEqualTo(code))
        .hasMessageContaining(sentence);
  }

  private InferRequest parse(String text) {
    return parser.parse(Buffer.buffer(text), InferParser.ALL, PATH, "user-1");
  }

  private static String input(String shape, String data) {
    return "{\"inputs\":[{\"name\":\"features\",\"shape\":%s,\"datatype\":\"FP32\",\"data\":%s}]}"
        .formatted(shape, data);
  }

  static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}
