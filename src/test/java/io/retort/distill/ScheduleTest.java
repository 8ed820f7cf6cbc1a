package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
  private static Schedule parse(String json) {
    return Schedule.parse(Fields.parse("recipe", "{\"value\":" + json + "}"), "value", null);
  }

  @Test
  void constant_anyTime_staysTheSame() {
    assertThat(parse("4").at(0, 10)).isEqualTo(4);
    assertThat(parse("4").at(9.9, 10)).isEqualTo(4);
  }

  @Test
  void linear_overThePhase_runsFromEndToEnd() {
    Schedule schedule = parse("{\"linear\":{\"from\":4,\"to\":1}}");
    assertThat(schedule.at(0, 10)).isEqualTo(4);
    assertThat(schedule.at(5, 10)).isEqualTo(2.5);
    assertThat(schedule.at(10, 10)).isEqualTo(1);
  }

  @Test
  void cosine_twoCycles_beginsAnewInTheMiddle() {
    Schedule schedule = parse("{\"cosine\":{\"from\":1,\"to\":0,\"cycles\":2}}");
    assertThat(schedule.at(0, 8)).isEqualTo(1);
    assertThat(schedule.at(1, 8)).isCloseTo((1 + Math.cos(Math.PI / 4)) / 2, within(1e-12));
    assertThat(schedule.at(3.999999, 8)).isCloseTo(0, within(1e-9));
    assertThat(schedule.at(4, 8)).isEqualTo(1);
    assertThat(schedule.at(8, 8)).isCloseTo(0, within(1e-12));
  }

  @Test
  void step_everyThreeEpochs_isMultipliedEachTime() {
    Schedule schedule = parse("{\"step\":{\"from\":1,\"factor\":0.1,\"every\":{\"epochs\":3}}}");
    assertThat(schedule.at(2.99, 10)).isEqualTo(1);
    assertThat(schedule.at(3, 10)).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.at(9.5, 10)).isCloseTo(0.001, within(1e-12));
  }

  @Test
  void piecewise_hardFirstThenCooling_runsEachPieceOverItsOwnTime() {
    Schedule schedule =
        parse(
            "{\"piecewise\":[{\"for\":{\"fraction\":0.2},\"value\":0},{\"for\":{\"epochs\":4},\"value\":"
                + "{\"linear\":{\"from\":4,\"to\":1}}},{\"value\":0.5}]}");
    assertThat(schedule.at(1.9, 10)).isEqualTo(0);
    assertThat(schedule.at(2, 10)).isEqualTo(4);
    assertThat(schedule.at(4, 10)).isEqualTo(2.5);
    assertThat(schedule.at(6, 10)).isEqualTo(0.5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.7",
        "{\"linear\":{\"from\":4,\"to\":1}}",
        "{\"cosine\":{\"from\":1,\"to\":0.1,\"cycles\":3}}",
        "{\"step\":{\"from\":1,\"factor\":0.5,\"every\":{\"fraction\":0.25}}}",
        "{\"piecewise\":[{\"for\":{\"epochs\":2},\"value\":1},{\"value\":{\"linear\":{\"from\":1,\"to\":0}}}]}"
      })
  void toJson_everyKind_readsBackTheSame(String json) {
    Schedule schedule = parse(json);
    assertThat(parse(Json.write(schedule.toJson()))).isEqualTo(schedule);
  }

  @Test
  void parse_misspeltKind_namesTheNearest() {
    assertThatThrownBy(() -> parse("{\"cosin\":{\"from\":1}}"))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("cosin")
        .hasMessageContaining("cosine");
  }

  @Test
  void parse_misspeltSetting_namesTheNearest() {
    assertThatThrownBy(() -> parse("{\"linear\":{\"from\":1,\"to\":0,\"form\":1}}"))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("linear.form")
        .hasMessageContaining("from");
  }

  @Test
  void parse_text_isRefusedWithTheField() {
    assertThatThrownBy(() -> parse("\"high\""))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("recipe.value must be a number or a schedule");
  }

  @Test
  void span_bothUnits_isRefused() {
    Fields fields = Fields.of("recipe", Map.of("for", Map.of("epochs", 1, "fraction", 0.5)));
    assertThatThrownBy(() -> Span.parse(fields, "for"))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("either");
  }

  @Test
  void span_fractionAboveOne_isRefused() {
    Fields fields = Fields.of("recipe", Map.of("for", Map.of("fraction", 1.5)));
    assertThatThrownBy(() -> Span.parse(fields, "for")).isInstanceOf(JsonException.class);
  }

  @Test
  void learningRate_warmUp_risesInALineFromTheFirstStep() {
    Fields fields =
        Fields.parse(
            "recipe", "{\"o\":{\"sgd\":{\"learningRate\":0.4,\"warmUp\":{\"epochs\":2}}}}");
    Optimizer optimizer = Optimizer.parse(fields, "o", null);
    assertThat(optimizer.learningRateAt(0, 10, 0.01)).isCloseTo(0.4 * 0.005, within(1e-12));
    assertThat(optimizer.learningRateAt(1, 10, 0.01)).isCloseTo(0.4 * 0.505, within(1e-12));
    assertThat(optimizer.learningRateAt(2, 10, 0.01)).isEqualTo(0.4);
  }
}
