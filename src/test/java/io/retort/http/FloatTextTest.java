package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FloatTextTest {
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "0.1, 0.1",
    "0.25, 0.25",
    "-0.5, -0.5",
    "1e-5, 0.00001",
    "1.5e-6, 1.5e-6",
    "123456, 123456",
    "0.99999994, 0.99999994",
    "1e-12, 1e-12",
    "1e8, 100000000",
    "0.3, 0.3",
    "16777216, 16777216",
    "3.1415927, 3.1415927"
  })
  void write_someNumbers_readsWell(float value, String text) {
    assertThat(written(value)).isEqualTo(text);
  }

  @Test
  void write_randomFloats_readBackAsTheSame() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 200_000; i++) {
      requireSame(Float.intBitsToFloat(random.nextInt()));
      requireSame((float) Math.exp(-random.nextDouble(80)));
      requireSame((float) random.nextDouble());
    }
  }

  @Test
  void write_powersOfTenAndNeighbours_readBackAsTheSame() {
    for (int exponent = -45; exponent <= 38; exponent++) {
      float power = Float.parseFloat("1e" + exponent);
      requireSame(power);
      requireSame(Math.nextUp(power));
      requireSame(Math.nextDown(power));
    }
  }

  private static void requireSame(float value) {
    if (Float.isFinite(value)) {
      String text = written(value);
      if (Float.parseFloat(text) != value || !NUMBER.matcher(text).matches()) {
        assertThat(text).isEqualTo(Float.toString(value));
      }
    }
  }

  private static String written(float value) {
    byte[] bytes = new byte[32];
    return new String(bytes, 0, FloatText.write(value, bytes, 0), StandardCharsets.US_ASCII);
  }
}
