package io.retort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RawRowsTest {
  private static final int FEATURES = 6;
  private static final int MAX_ROWS = 3;

  @Test
  void read_float32_isLittleEndianBitForBit() {
    float[] values = {0, -0f, 1, Float.MIN_VALUE, -Float.MAX_VALUE, 0.1f, 2, 3, 4, 5, 6, 7};
    Buffer body = Buffer.buffer();
    for (float value : values) {
      body.appendFloatLE(value);
    }

    Rows rows = RawRows.read(body, null, FEATURES, MAX_ROWS);

    assertThat(rows.count()).isEqualTo(2);
    assertThat(rows.values()).containsExactly(values);
    assertThat(Float.floatToRawIntBits(rows.values()[1])).isEqualTo(0x80000000);
  }

  @Test
  void read_pixels_areDividedBy255() {
    Buffer body = Buffer.buffer(new byte[] {0, 1, 127, (byte) 128, (byte) 254, (byte) 255});

    float[] expected = {0, 1 / 255f, 127 / 255f, 128 / 255f, 254 / 255f, 1};
    assertThat(RawRows.read(body, "uint8", FEATURES, MAX_ROWS).values()).containsExactly(expected);
    assertThat(RawRows.read(body, null, FEATURES, MAX_ROWS).values()).containsExactly(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "6,,1",
    "24,,1",
    "72,,3",
    "24,float32,1",
    "6,uint8,1",
    "12,uint8,2",
    "18,uint8,3",
  })
  void read_length_saysHowManyRows(int length, String dtype, int rows) {
    assertThat(RawRows.read(Buffer.buffer(new byte[length]), dtype, FEATURES, MAX_ROWS).count())
        .isEqualTo(rows);
  }

  @ParameterizedTest
  @CsvSource({
    "0,,INVALID_FEATURES,0 bytes came",
    "0,uint8,INVALID_FEATURES,0 bytes came",
    "7,,INVALID_FEATURES,rows of 6 numbers",
    "12,,INVALID_FEATURES,?dtype=uint8",
    "6,float32,INVALID_FEATURES,24 bytes each",
    "7,uint8,INVALID_FEATURES,6 bytes each",
    "96,,BATCH_TOO_LARGE,3 rows: 4 came",
    "24,uint8,BATCH_TOO_LARGE,3 rows: 4 came",
    "6,int8,INVALID_REQUEST,float32 or uint8: int8",
  })
  void read_otherLength_isRefused(int length, String dtype, Failure failure, String sentence) {
    requireRefused(Buffer.buffer(new byte[length]), dtype, failure, sentence);
  }

  @Test
  void read_notFinite_namesTheNumber() {
    for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      Buffer wrong = Buffer.buffer(new byte[28]).appendFloatLE(value).appendBytes(new byte[16]);

      requireRefused(wrong, null, Failure.INVALID_FEATURES, "number 1 of row 1 is " + value);
    }
  }

  private static void requireRefused(Buffer body, String dtype, Failure failure, String sentence) {
    assertThatThrownBy(() -> RawRows.read(body, dtype, FEATURES, MAX_ROWS))
        .isInstanceOfSatisfying(
            FailureException.class, e -> assertThat(e.failure()).isEqualTo(failure))
        .hasMessageContaining(sentence);
  }
}
