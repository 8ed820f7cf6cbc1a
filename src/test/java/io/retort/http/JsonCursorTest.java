package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCursorTest {
  private final JsonCursor json = new JsonCursor();

  @Test
  void number_randomDecimals_areTheNearestFloats() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 2_000_000; i++) {
      requireNearest(decimal(random));
    }
  }

  @Test
  void number_printedFloatsAndDoubles_areTheNearestFloats() {
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 500_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(value)) {
        requireNearest(Float.toString(value));
        requireNearest(Double.toString(value));
      }
      requireNearest(Double.toString(random.nextDouble()));
    }
  }

  @Test
  void number_halfwayBetweenTwoFloatsAndJustBeside_goesTheRightWay() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 5_000; i++) {
      float value = Math.abs(Float.intBitsToFloat(random.nextInt()));
      if (Float.isFinite(value) && value < Float.MAX_VALUE) {
        BigDecimal half =
            new BigDecimal(value)
                .add(new BigDecimal(Math.nextUp(value)))
                .divide(BigDecimal.valueOf(2));
        requireNearest(half.toPlainString());
        BigDecimal little = half.ulp().movePointLeft(3);
        requireNearest(half.add(little).toPlainString());
        requireNearest(half.subtract(little).toPlainString());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-0",
        "0.0",
        "1",
        "-1",
        "0e5",
        "1e0",
        "1E+2",
        "1e-2",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000000000001",
        "3.4028235e38",
        "3.4028236e38",
        "1e999",
        "-1e999",
        "1e-999",
        "16777217",
        "16777216.999999999999999999999999999",
        "0.1",
        "0.00000001234567890123",
        "0.0000000000000001",
        "9999999999999999999",
        "1.17549435e-38",
        "99999999.99999999",
        "12345678.12345678",
        "0.12345678123456781234567812345678"
      })
  void number_specialCases_equalFloatParseFloat(String text) {
    requireNearest(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"01", "+1", ".5", "1.", "1.e2", "1e", "1e+", "-", "--1", "0x1", "", "NaN", "1f "})
  void number_notJson_isRefused(String text) {
    assertThatThrownBy(
            () -> {
              reset(text);
              json.number();
              json.end();
            })
        .hasMessageStartingWith("the body must be JSON: ");
  }

  @Test
  void text_escapesAndUtf8_areResolved() {
    reset("\"a\\n\\\"\\u00e9\\\\ é漢\" ");

    assertThat(json.text()).isEqualTo("a\n\"é\\ é漢");
    json.end();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"a", "\"a\\", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "a"})
  void text_notJson_isRefused(String text) {
    reset(text);

    assertThatThrownBy(json::text).hasMessageStartingWith("the body must be JSON: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"a\":[1,2,{\"b\":null}],\"c\":true}",
        " [ 1 , \"x\" , false ] ",
        "-1.5e3"
      })
  void skipValue_anyValue_endsBehindIt(String text) {
    reset(text);

    json.skipValue();
    json.end();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[1,]", "{\"a\"}", "{a:1}", "tru", "[1 2]", "nul", "}"})
  void skipValue_notJson_isRefused(String text) {
    reset(text);

    assertThatThrownBy(json::skipValue).hasMessageStartingWith("the body must be JSON: ");
  }

  @Test
  void skipValue_deepNesting_isRefused() {
    reset("[".repeat(100_000));

    assertThatThrownBy(json::skipValue).hasMessageContaining("nested 64 deep");
  }

  private void requireNearest(String text) {
    reset(text);
    float value = json.number();
    if (Float.floatToRawIntBits(value) != Float.floatToRawIntBits(Float.parseFloat(text))) {
      assertThat(value).as(text).isEqualTo(Float.parseFloat(text));
    }
    json.end();
  }

  private void reset(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, json.reset(bytes.length), 0, bytes.length);
  }

  /** Up to 25 digits with the point anywhere and often an exponent. */
  private static String decimal(SplittableRandom random) {
    StringBuilder text = new StringBuilder(random.nextBoolean() ? "" : "-");
    int whole = random.nextInt(4) == 0 ? random.nextInt(1, 20) : random.nextInt(1, 3);
    String digits = Long.toString(random.nextLong(1L << random.nextInt(1, 62)));
    text.append(whole >= digits.length() ? digits : digits.substring(0, whole));
    if (random.nextInt(8) != 0) {
      text.append('.').append("0".repeat(random.nextInt(4) == 0 ? random.nextInt(12) : 0));
      text.append(Long.toString(random.nextLong(1L << random.nextInt(1, 62))));
    }
    if (random.nextInt(4) == 0) {
      text.append(random.nextBoolean() ? 'e' : 'E').append(random.nextInt(-50, 45));
    }
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0, 0",
    "784, 784",
    "-12, -12",
    "999999999999999999, 999999999999999999",
    "1.0, -9223372036854775808",
    "1e2, -9223372036854775808",
    "1234567890123456789, -9223372036854775808"
  })
  void whole_numbersWithAndWithoutFraction_areToldApart(String text, long expected) {
    reset(text + " ,");

    assertThat(json.whole()).isEqualTo(expected);
    assertThat(json.take(',')).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "01", "x", "\"1\"", "1.", "1e"})
  void whole_noNumber_isRefused(String text) {
    reset(text);

    assertThatThrownBy(json::whole).hasMessageContaining("the body must be JSON");
  }

  @Test
  void takeAny_texts_areFoundWholeOrLeft() {
    byte[][] words = FieldCursor.words("data", "datatype", "");
    reset("\"datatype\" \"dat\" \"data\" \"\" \"x\" 7 \"data");

    assertThat(json.takeAny(words)).isEqualTo(1);
    assertThat(json.takeAny(words)).isEqualTo(-1);
    assertThat(json.text()).isEqualTo("dat");
    assertThat(json.takeAny(words)).isZero();
    assertThat(json.takeAny(words)).isEqualTo(2);
    assertThat(json.takeAny(words)).isEqualTo(-1);
    assertThat(json.text()).isEqualTo("x");
    assertThat(json.takeAny(words)).isEqualTo(-1);
    assertThat(json.number()).isEqualTo(7);
    assertThat(json.takeAny(words)).isEqualTo(-1);
  }
}
