package io.retort.oip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatatypeTest {
  @ParameterizedTest
  @CsvSource({
    "FP16, 003c, 1",
    "FP16, 00c1, -2.5",
    "FP16, ff7b, 65504",
    "FP16, 0100, 5.9604645E-8",
    "FP16, ff83, -6.097555E-5",
    "FP16, 0080, -0.0",
    "FP16, 00fc, -Infinity",
    "FP16, 017e, NaN",
    "FP32, 0000c03f, 1.5",
    "FP64, 000000000000f83f, 1.5",
    "FP64, 9a9999999999b93f, 0.1",
    "INT8, ff, -1",
    "UINT8, ff, 255",
    "INT16, feff, -2",
    "UINT16, feff, 65534",
    "INT32, feffffff, -2",
    "UINT32, ffffffff, 4294967296",
    "INT64, feffffffffffffff, -2",
    "UINT64, ffffffffffffffff, 18446744073709551616",
    "UINT64, 0100000000000080, 9223372036854775808",
    "UINT64, 0100000080000080, 9223373136366403584",
  })
  void read_littleEndian_isTheNearestFloat(Datatype type, String hex, float expected) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    float[] one = new float[1];

    type.read(ByteBuffer.wrap(bytes), one);

    assertThat(bytes).hasSize(type.bytes());
    assertThat(one).containsExactly(expected);
  }

  @Property
  void read_anyFloats_areTheSame(@ForAll float[] values) {
    ByteBuffer data = ByteBuffer.allocate(3 + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.position(3);
    for (float value : values) {
      data.putFloat(value);
    }
    float[] read = new float[values.length];

    Datatype.FP32.read(data.position(3).order(ByteOrder.BIG_ENDIAN), read);

    assertThat(read).containsExactly(values);
    assertThat(data.position()).isEqualTo(3);
  }

  @Test
  void named_itsName_isFound() {
    assertThat(Datatype.named("UINT16")).isEqualTo(Datatype.UINT16);
  }

  @ParameterizedTest
  @ValueSource(strings = {"BOOL", "BYTES", "BF16", "fp32", ""})
  void named_another_isRefusedWithThoseThatExist(String name) {
    assertThatThrownBy(() -> Datatype.named(name))
        .hasMessageContaining("one of FP16, FP32, FP64, INT8")
        .hasMessageEndingWith(": " + name + " came");
  }
}
