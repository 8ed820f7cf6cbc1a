package io.retort.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void parse_whatWriteWrote_isEqual() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("z", List.of(1, 2.5, true, "ü\n"));
    value.put("a", null);
    assertThat(Json.parse(Json.write(value))).isEqualTo(value);
    assertThat(Json.parse(Json.pretty(value))).isEqualTo(value);
    assertThat(Json.write(value)).startsWith("{\"z\"");
  }

  @Test
  void parse_broken_saysWhere() {
    assertThatThrownBy(() -> Json.parse("{\"a\": nope}"))
        .isInstanceOf(JsonException.class)
        .hasMessageContaining("line 1, column");
  }

  @Test
  void parse_nestedDeep_isRefusedAndNotAStackOverflow() {
    for (String one : new String[] {"[", "{\"a\":", "[{\"a\":"}) {
      assertThatThrownBy(() -> Json.parse(one.repeat(100_000)))
          .isInstanceOf(JsonException.class)
          .hasMessageContaining("depth");
    }
    assertThat(Json.parse("[".repeat(60) + "]".repeat(60))).isNotNull();
  }

  @Test
  void parse_textAfterTheValue_isRefused() {
    assertThatThrownBy(() -> Json.parse("{\"a\":1} trailing")).isInstanceOf(JsonException.class);
    assertThatThrownBy(() -> Json.parse("{} {}")).hasMessageContaining("goes on after its end");
  }

  @Test
  void parse_nullInAList_isKept() {
    assertThat(Fields.parse("t", "{\"l\":[null]}").list("l")).containsExactly((Object) null);
  }
}
