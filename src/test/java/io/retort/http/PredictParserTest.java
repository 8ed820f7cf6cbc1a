package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.Asker;
import io.retort.bus.FailureException;
import io.retort.bus.PredictRequest;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictParserTest {
  private final PredictParser parser = new PredictParser(4, 250);

  @Test
  void parse_oneFlatRow_isOneRow() {
    PredictRequest request = parse("{\"features\":[0,0,0,0,0,0.5,1, -2e1 ,0,0,0,0]}");

    assertThat(request.rows()).isEqualTo(1);
    assertThat(request.features()).containsExactly(0, 0, 0, 0, 0, 0.5f, 1, -20, 0, 0, 0, 0);
    assertThat(request.model()).isNull();
    assertThat(request.timeoutMillis()).isEqualTo(250);
  }

  @Test
  void parse_rowsWithModelAndMore_keepsWhatItKnows() {
    PredictRequest request =
        parse(
            """
            { "other" : {"deep": [1, {"x": null}]}, "model": "teacher", "version": "3",
              "features" : [ [1, 2] , [3, 4] ] }""");

    assertThat(request.rows()).isEqualTo(2);
    assertThat(request.features()).containsExactly(1, 2, 3, 4);
    assertThat(request.model()).isEqualTo("teacher");
    assertThat(request.version()).isEqualTo("3");
  }

  @Test
  void parse_secondBody_knowsNothingOfTheFirst() {
    parse("{\"features\":[[1,2,3],[4,5,6]],\"model\":\"teacher\"}");

    PredictRequest request = parse("{\"features\":[0,0,0,0,9]}");

    assertThat(request.rows()).isEqualTo(1);
    assertThat(request.features()).containsExactly(0, 0, 0, 0, 9);
    assertThat(request.model()).isNull();
  }

  @Test
  void parse_manySizesOfZeros_loseNone() {
    SplittableRandom random = new SplittableRandom(1);
    for (int size = 1; size < 3000; size += 1 + size / 16) {
      StringBuilder text = new StringBuilder("{\"features\":[");
      float[] expected = new float[size];
      for (int i = 0; i < size; i++) {
        expected[i] = random.nextInt(5) == 0 ? random.nextInt(256) / 255f : 0;
        text.append(i == 0 ? "" : ",").append(expected[i] == 0 ? "0" : "" + expected[i]);
      }
      assertThat(parse(text + "]}").features()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                | invalid_json     | empty
          {                                 | invalid_json     | must come next
          []                                | invalid_json     | '{' must come next
          {"features":[1,2]                 | invalid_json     | '}' must come next
          {"features":[1,2]}x               | invalid_json     | nothing may follow
          {"features":[1,2,]}               | invalid_json     | a number must come next
          {"features":[1 2]}                | invalid_json     | ']' must come next
          {"features":[1,01]}               | invalid_json     | a number must come next
          {"features":[0,0,0,0,]}           | invalid_json     | a number must come next
          hello                             | invalid_json     | byte 0 is 'h'
          {}                                | invalid_features | features must be given
          {"features":7}                    | invalid_features | features must be a list
          {"features":null}                 | invalid_features | features must be a list
          {"features":[1,"2"]}              | invalid_features | number 1 of row 0 is text
          {"features":[1,null]}             | invalid_features | number 1 of row 0 is null
          {"features":[NaN]}                | invalid_features | number 0 of row 0 is NaN
          {"features":[-Infinity]}          | invalid_json     | a number must come next
          {"features":[true]}               | invalid_features | number 0 of row 0 is true or false
          {"features":[1,[2]]}              | invalid_features | number 1 of row 0 is a list
          {"features":[1,{}]}               | invalid_features | number 1 of row 0 is an object
          {"features":[1,1e999]}            | invalid_features | number 1 of row 0 is too large
          {"features":[1,-1e39]}            | invalid_features | number 1 of row 0 is too large
          {"features":[[1,2],[3]]}          | invalid_features | the 2 numbers of row 0: row 1 has 1
          {"features":[[1,2],3]}            | invalid_features | row 1 is a number
          {"features":[[1],[2],[3],[4],[5]]} | batch_too_large  | may hold 4 rows
          {"features":[[[1]]]}              | invalid_features | number 0 of row 0 is a list
          {"features":[1],"features":[2]}   | invalid_features | features must be given once
          {"features":[1],"model":3}        | invalid_request  | model must be a text
          """)
  void parse_badBody_isRefusedWithCodeAndReason(String body, String code, String sentence) {
    assertThatThrownBy(() -> parse(body))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure().code()).isEqualTo(code))
        .hasMessageContaining(sentence);
  }

  @Test
  void parse_damagedBodies_areRefusedOrReadLikeAnotherParserDoes() {
    SplittableRandom random = new SplittableRandom(7);
    byte[] whole = "{\"features\":[[0,0,0,0,0.5],[1e-3,2,3,-4,5]],\"model\":\"a\\\"b\"}".getBytes();
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = whole.clone();
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(128);
      }
      Buffer body =
          Buffer.buffer(bytes).slice(0, random.nextInt(bytes.length / 2, bytes.length + 1));
      try {
        parser.parse(body, null, Asker.PATIENT);
      } catch (FailureException refused) {
        continue;
      }
      assertThat(new JsonObject(body).containsKey("features")).as(body.toString()).isTrue();
    }
  }

  private PredictRequest parse(String text) {
    return parser.parse(Buffer.buffer(text), null, Asker.PATIENT);
  }
}
