package io.retort.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FieldsTest {
  @Test
  void reads_everyType_returnsItsValue() {
    Fields f =
        Fields.parse(
            "t",
            "{\"i\":3,\"w\":1e3,\"n\":0.5,\"b\":true,\"s\":\"x\",\"u\":\"micro_seconds\",\"o\":{\"k\":1},\"l\":[{\"k\":2}]}");
    assertThat(f.integer("i")).isEqualTo(3);
    assertThat(f.whole("w")).isEqualTo(1000);
    assertThat(f.number("n")).isEqualTo(0.5);
    assertThat(f.flag("b")).isTrue();
    assertThat(f.text("s")).isEqualTo("x");
    assertThat(f.choice("u", TimeUnit.class, null)).isEqualTo(TimeUnit.valueOf("MICROSECONDS"));
    assertThat(f.object("o").integer("k")).isEqualTo(1);
    assertThat(f.objects("l").get(0).integer("k")).isEqualTo(2);
    f.end();
  }

  @Test
  void reads_missingWithDefault_returnsDefault() {
    Fields f = Fields.parse("t", "{}");
    assertThat(f.integer("i", 7)).isEqualTo(7);
    assertThat(f.text("s", "d")).isEqualTo("d");
    assertThat(f.object("o").integer("k", 4)).isEqualTo(4);
    assertThat(f.list("l")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":\"x\"} | t.a must be a whole number: \"x\"",
        "{\"a\":1.5}   | t.a must be a whole number: 1.5",
        "{\"a\":3e9}   | t.a must be a whole number of 32 bits: 3.0E9",
        "{\"a\":null}  | t.a must be a whole number: it is missing",
        "{}            | t.a must be a whole number: it is missing",
        "{\"a\":[1]}   | t.a must be a whole number: [1]"
      })
  void integer_wrongValue_namesFieldExpectedAndGot(String json, String message) {
    assertThatThrownBy(() -> Fields.parse("t", json).integer("a"))
        .isInstanceOf(JsonException.class)
        .hasMessage(message);
  }

  @Test
  void number_infinite_isRefused() {
    assertThatThrownBy(() -> Fields.parse("t", "{\"a\":1e999}").number("a"))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith("t.a must be a number");
  }

  @Test
  void end_unknownField_namesItAndTheNearest() {
    Fields f = Fields.parse("recipe mnist", "{\"student\":{\"epocs\":3}}");
    Fields student = f.object("student");
    student.integer("epochs", 1);
    student.number("seed", 1);
    f.end();
    assertThatThrownBy(student::end)
        .isInstanceOf(JsonException.class)
        .hasMessage("recipe mnist.student.epocs is not known; did you mean epochs?");
  }

  @Test
  void choice_unknownConstant_listsTheConstants() {
    assertThatThrownBy(
            () -> Fields.parse("t", "{\"u\":\"weeks\"}").choice("u", TimeUnit.class, null))
        .hasMessageContaining("t.u must be one of nanoseconds, ")
        .hasMessageEndingWith(": \"weeks\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1]         | t must be a JSON object: [1]",
        "{\"a\":1    | t must be JSON: ",
        "{\"a\":1,\"a\":2} | t must be JSON: Duplicate field 'a'",
        "'  '        | t must be JSON: the text is empty"
      })
  void parse_notAnObject_saysSo(String json, String message) {
    assertThatThrownBy(() -> Fields.parse("t", json))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith(message.strip());
  }

  @Test
  void read_missingFile_namesIt(@TempDir Path folder) {
    Path file = folder.resolve("none.json");
    assertThatThrownBy(() -> Fields.read("recipe", file))
        .hasMessage("recipe: there is no file " + file);
  }

  @Test
  void read_binaryFile_isRefused(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("b.json"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThatThrownBy(() -> Fields.read("recipe", file)).isInstanceOf(JsonException.class);
  }
}
