package io.retort.model;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The header of a safetensors file, every field checked before it is used.
 *
 * @param length bytes before the first tensor
 */
record SafeTensorsHeader(int length, List<Entry> entries, Map<String, String> metadata) {
  /** One tensor; begin and end count from the first tensor's first byte. */
  record Entry(String name, DType dtype, Shape shape, long begin, long end) {}

  private static final Map<String, DType> TYPES =
      Map.of("F32", DType.FLOAT32, "I32", DType.INT32, "U8", DType.UINT8);

  /** The format's word for an element type. */
  static String name(DType dtype) {
    return TYPES.entrySet().stream()
        .filter(e -> e.getValue() == dtype)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  /** Reads the header of a whole file, little-endian. */
  static SafeTensorsHeader parse(Path file, ByteBuffer bytes) {
    String what = "[safetensors] " + file;
    int size = bytes.capacity();
    if (size < 8) {
      throw new ModelException(
          what + " must begin with 8 bytes of header length: it has " + size + " bytes");
    }
    long length = bytes.getLong(0);
    long most = Math.min(SafeTensors.HEADER_LIMIT, size - 8L);
    if (length < 2 || length > most) {
      throw new ModelException(
          what + " must have a header of 2 … " + most + " bytes: " + Long.toUnsignedString(length));
    }
    Fields fields;
    try {
      fields = Fields.parse(what + " header", text(what, bytes.slice(8, (int) length)));
      int data = 8 + (int) length;
      List<Entry> entries = new ArrayList<>();
      for (String name : fields.values().keySet()) {
        if (!name.equals(SafeTensors.METADATA)) {
          entries.add(entry(fields.object(name), name));
        }
      }
      gapless(what, entries, size - data);
      return new SafeTensorsHeader(data, entries, metadata(fields.object(SafeTensors.METADATA)));
    } catch (JsonException e) {
      throw new ModelException(e.getMessage(), e);
    }
  }

  private static String text(String what, ByteBuffer header) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(header).toString();
      if (text.charAt(0) != '{') {
        throw new ModelException(
            what + " header must begin with {: character " + Integer.toHexString(text.charAt(0)));
      }
      return text;
    } catch (CharacterCodingException e) {
      throw new ModelException(what + " header must be UTF-8: it is not", e);
    }
  }

  private static Map<String, String> metadata(Fields fields) {
    Map<String, String> metadata = new TreeMap<>();
    fields.values().keySet().forEach(key -> metadata.put(key, fields.text(key)));
    return metadata;
  }

  private static Entry entry(Fields fields, String name) {
    DType dtype = TYPES.get(fields.text("dtype"));
    if (dtype == null) {
      throw fields.wrong("dtype", "one of F32, I32, U8");
    }
    Shape shape = shape(fields);
    List<Long> offsets = naturals(fields, "data_offsets");
    fields.end();
    if (offsets.size() != 2 || offsets.get(0) % dtype.bytes() != 0) {
      throw fields.wrong("data_offsets", "[begin, end], begin a multiple of " + dtype.bytes());
    }
    long bytes = shape.size() * dtype.bytes();
    if (offsets.get(1) - offsets.get(0) != bytes) {
      throw fields.wrong(
          "data_offsets", bytes + " bytes apart, as " + shape + " " + dtype + " takes");
    }
    return new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
  }

  /** A scalar, which has no dimensions, is read as [1]. */
  private static Shape shape(Fields fields) {
    List<Long> dims = naturals(fields, "shape");
    long size = 1;
    for (long dim : dims) {
      size = dim > Integer.MAX_VALUE ? 0 : size * dim;
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw fields.wrong("shape", "of 1 to 2^31 - 1 elements");
      }
    }
    if (dims.size() > Shape.MAX_RANK) {
      throw fields.wrong("shape", "of at most " + Shape.MAX_RANK + " dimensions");
    }
    return dims.isEmpty()
        ? Shape.of(1)
        : Shape.of(dims.stream().mapToInt(Long::intValue).toArray());
  }

  private static List<Long> naturals(Fields fields, String key) {
    if (!(fields.raw(key) instanceof List<?> list)) {
      throw fields.wrong(key, "a list of whole numbers");
    }
    List<Long> numbers = new ArrayList<>();
    for (Object each : list) {
      if (!(each instanceof Integer || each instanceof Long) || ((Number) each).longValue() < 0) {
        throw fields.wrong(key, "a list of whole numbers of 0 and more");
      }
      numbers.add(((Number) each).longValue());
    }
    return numbers;
  }

  /** The tensors cover the data: no overlap, no hole, nothing behind. */
  private static void gapless(String what, List<Entry> entries, long data) {
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    String before = "the header";
    for (Entry each : entries) {
      if (each.begin != end) {
        throw new ModelException(
            what
                + " must hold tensors without a gap or an overlap: "
                + each.name
                + " begins at "
                + each.begin
                + " and "
                + before
                + " ends at "
                + end);
      }
      end = each.end;
      before = each.name;
    }
    if (end != data) {
      throw new ModelException(what + " must hold " + end + " bytes of tensors: it holds " + data);
    }
  }
}
