package io.retort.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.retort.tensor.DType;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {
  private static Path mutated;
  private static byte[] whole;

  @BeforeContainer
  static void makeFile() throws IOException {
    mutated = Files.createTempFile("mutated", ".safetensors");
    SafeTensors.write(mutated, tensors(), Map.of("k", "v"));
    whole = Files.readAllBytes(mutated);
  }

  @AfterContainer
  static void removeFile() throws IOException {
    Files.deleteIfExists(mutated);
  }

  private static Map<String, HostTensor> tensors() {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "conv1/weight", HostTensor.of(Shape.of(2, 1, 1, 2), 1.5f, -0f, Float.MIN_VALUE, Float.NaN));
    tensors.put(
        "bytes", new HostTensor(Shape.of(3), DType.UINT8, ByteBuffer.wrap(new byte[] {1, 2, -1})));
    tensors.put("a \"name\" ü", HostTensor.ofInts(Shape.of(2), Integer.MIN_VALUE, 7));
    return tensors;
  }

  /** A file of the given header, and as many bytes of data. */
  private static byte[] file(String header, int data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putLong(json.length).put(json).array();
  }

  @Test
  void write_tensors_readBackTheSame(@TempDir Path directory) {
    Path file = directory.resolve("model.safetensors");
    SafeTensors.write(file, tensors(), Map.of("format", "retort", "x", "ü"));
    SafeTensors read = SafeTensors.read(file);
    assertThat(read.names()).containsExactly("a \"name\" ü", "bytes", "conv1/weight");
    tensors().forEach((name, tensor) -> assertThat(read.tensor(name)).isEqualTo(tensor));
    assertThat(read.metadata()).isEqualTo(Map.of("format", "retort", "x", "ü"));
    assertThat(directory.toFile().list()).containsExactly("model.safetensors");
  }

  @Test
  void write_layout_isTheFormats(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("f");
    SafeTensors.write(file, tensors(), Map.of("k", "v"));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong();
    assertThat(length % 8).isZero();
    byte[] header = new byte[length];
    bytes.get(header);
    assertThat(new String(header, StandardCharsets.UTF_8).stripTrailing())
        .isEqualTo(
            "{\"__metadata__\":{\"k\":\"v\"},\"a \\\"name\\\""
                + " ü\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"conv1/weight\":{\"dtype\":\"F32\",\"shape\":[2,1,1,2],\"data_offsets\":[8,24]},"
                + "\"bytes\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[24,27]}}");
    assertThat(bytes.remaining()).isEqualTo(27);
    assertThat(bytes.getInt()).isEqualTo(Integer.MIN_VALUE);
    assertThat(bytes.getInt()).isEqualTo(7);
    assertThat(bytes.getFloat()).isEqualTo(1.5f);
  }

  @Test
  void write_anyOrder_givesTheSameBytes(@TempDir Path directory) throws IOException {
    Map<String, HostTensor> reversed = new LinkedHashMap<>();
    tensors().keySet().stream()
        .sorted((a, b) -> b.compareTo(a))
        .forEach(n -> reversed.put(n, tensors().get(n)));
    SafeTensors.write(directory.resolve("a"), tensors(), Map.of("x", "1", "y", "2"));
    SafeTensors.write(directory.resolve("b"), reversed, Map.of("y", "2", "x", "1"));
    assertThat(directory.resolve("a")).hasSameBinaryContentAs(directory.resolve("b"));
  }

  @Test
  void write_overAFile_leavesAnOpenReaderItsOwn(@TempDir Path directory) {
    Path file = directory.resolve("f");
    SafeTensors.write(file, Map.of("x", HostTensor.of(Shape.of(1), 1)), Map.of());
    SafeTensors before = SafeTensors.read(file);
    SafeTensors.write(file, Map.of("x", HostTensor.of(Shape.of(1), 2)), Map.of());
    assertThat(before.tensor("x").floats()).containsExactly(1);
    assertThat(SafeTensors.read(file).tensor("x").floats()).containsExactly(2);
  }

  @Test
  void write_leftoverOfAKilledWriter_isOverwritten(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("f");
    Files.write(directory.resolve(".writing-f"), new byte[100_000]);
    SafeTensors.write(file, tensors(), Map.of());
    assertThat(SafeTensors.read(file).names()).hasSize(3);
    assertThat(directory.toFile().list()).containsExactly("f");
  }

  @Test
  void write_noDirectory_namesTheFile(@TempDir Path directory) {
    Path file = directory.resolve("none").resolve("f");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.write(file, tensors(), Map.of()))
        .withMessageContaining(file.toString());
  }

  @Test
  void write_reservedName_isRefused(@TempDir Path directory) {
    for (String name : new String[] {"", "__metadata__"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  SafeTensors.write(
                      directory.resolve("f"),
                      Map.of(name, HostTensor.of(Shape.of(1), 1)),
                      Map.of()));
    }
  }

  @Test
  void read_fileOfTheReferenceWriter_isUnderstood(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("f");
    byte[] bytes =
        file(
            "{\"__metadata__\":{\"format\":\"pt\"},\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[4,12]}}"
                + "      ",
            12);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 12, 0.25f);
    Files.write(file, bytes);
    SafeTensors read = SafeTensors.read(file);
    assertThat(read.tensor("s")).isEqualTo(HostTensor.of(Shape.of(1), 0.25f));
    assertThat(read.tensor("w").shape()).isEqualTo(Shape.of(1, 2));
    assertThat(read.metadata()).isEqualTo(Map.of("format", "pt"));
  }

  @Test
  void read_noTensors_isEmpty(@TempDir Path directory) {
    SafeTensors.write(directory.resolve("f"), Map.of(), Map.of());
    assertThat(SafeTensors.read(directory.resolve("f")).names()).isEmpty();
  }

  @Test
  void tensor_unknown_namesFileAndWhatThereIs(@TempDir Path directory) {
    Path file = directory.resolve("f");
    SafeTensors.write(file, tensors(), Map.of());
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.read(file).tensor("conv2/weight"))
        .withMessageContaining(file.toString())
        .withMessageContaining("conv1/weight");
  }

  @Test
  void read_missing_namesTheFile(@TempDir Path directory) {
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.read(directory.resolve("none")))
        .withMessageContaining("none");
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.read(directory))
        .withMessageContaining(directory.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':{'dtype':'F16','shape':[2],'data_offsets':[0,4]}} | 4 | dtype must be one of F32,"
            + " I32, U8: 'F16'",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | 4 | 8 bytes apart",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 8 | 4 bytes of tensors: it holds"
            + " 8",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 4 | 8 bytes of tensors: it holds"
            + " 4",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | a begins at 4 and the header"
            + " ends at 0",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}"
            + " | 4 | b begins at 0 and a ends at 4",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}}"
            + " | 12 | b begins at 8 and a ends at 4",
        "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},'b':{'dtype':'F32','shape':[1],'data_offsets':[3,7]}}"
            + " | 7 | b.data_offsets must be [begin, end], begin a multiple of 4",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}"
            + " | 4 | uplicate",
        "{'a':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | 0 | shape must be of 1",
        "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | 4 | shape must be a list of"
            + " whole numbers of 0 and more",
        "{'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | 4 | shape",
        "{'a':{'dtype':'F32','shape':[4294967297],'data_offsets':[0,4]}} | 4 | shape",
        "{'a':{'dtype':'F32','shape':[2147483647,2147483647,4],'data_offsets':[0,4]}} | 4 | shape",
        "{'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1],'data_offsets':[0,4]}} | 4 | at most 6"
            + " dimensions",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4 | 4 bytes apart",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}} | 4 | [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,99999999999999999999]}} | 4 |"
            + " data_offsets",
        "{'a':{'dtype':'F32','shape':[1]}} | 4 | data_offsets must be a list of whole numbers:"
            + " null",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'extra':1}} | 4 | a.extra is not"
            + " known",
        "{'a':7} | 4 | a must be an object",
        "{'__metadata__':{'k':7}} | 0 | __metadata__.k must be a text: 7",
        "[1,2,3] | 0 | must begin with {",
        "` {}` | 0 | must begin with {",
        "{'a': | 0 | JSON",
      })
  void read_wrongHeader_namesFileFieldAndValue(
      String header, int data, String reason, @TempDir Path directory) throws IOException {
    Path file = directory.resolve("wrong");
    Files.write(file, file(header.replace('\'', '"'), data));
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.read(file))
        .withMessageStartingWith("[safetensors] ")
        .withMessageContaining(file.toString())
        .withMessageContaining(reason.replace('\'', '"'));
  }

  @Test
  void read_wrongLength_namesIt(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("wrong");
    for (long length : new long[] {0, 1, 3, -1, Long.MIN_VALUE, 1L << 40}) {
      Files.write(
          file, ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> SafeTensors.read(file))
          .withMessageContaining("header of 2 … 2 bytes: " + Long.toUnsignedString(length));
    }
    Files.write(file, new byte[5]);
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.read(file))
        .withMessageContaining("it has 5 bytes");
  }

  @Test
  void read_notUtf8_isRefused(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("wrong");
    byte[] bytes = file("{\"a\":1}", 0);
    bytes[10] = (byte) 0xff;
    Files.write(file, bytes);
    assertThatExceptionOfType(ModelException.class)
        .isThrownBy(() -> SafeTensors.read(file))
        .withMessageContaining("UTF-8");
  }

  @Property(tries = 2000, seed = "3")
  void read_mutated_isReadOrRefusedWithFileAndReason(
      @ForAll long seed, @ForAll @IntRange(max = 4) int kind) throws IOException {
    Files.write(mutated, mutate(whole, new Random(seed), kind));
    try {
      SafeTensors read = SafeTensors.read(mutated);
      read.names().forEach(name -> assertThat(read.tensor(name).data().remaining()).isPositive());
    } catch (ModelException e) {
      assertThat(e.getMessage()).startsWith("[safetensors] ").contains(mutated.toString());
    }
  }

  /**
   * Cut short, lengthened, a bit flipped, bytes overwritten, or one character of the header changed
   * to another of JSON.
   */
  private static byte[] mutate(byte[] bytes, Random random, int kind) {
    byte[] result = bytes.clone();
    switch (kind) {
      case 0 -> result = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1 -> result = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(20));
      case 2 -> result[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      case 3 -> {
        for (int i = 0; i < 4; i++) {
          result[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
      }
      default -> {
        String alphabet = "{}[],:\"0123456789-.eFIU tfn\\";
        result[8 + random.nextInt(200)] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
      }
    }
    return result;
  }
}
