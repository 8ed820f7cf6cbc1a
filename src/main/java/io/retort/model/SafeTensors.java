package io.retort.model;

import io.retort.json.Json;
import io.retort.tensor.HostTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A file of named tensors in the safetensors format of Hugging Face, which Python reads and writes:
 * 8 bytes of header length (little-endian), a JSON header, the tensors' bytes without a gap.
 * Element types: F32, I32, U8. Files up to 2 GiB.
 *
 * <p>What is read is mapped, not copied: the file is changed only by being replaced, as {@link
 * #write} does.
 */
public final class SafeTensors {
  /** The reference implementation's limit. */
  static final int HEADER_LIMIT = 100_000_000;

  static final String METADATA = "__metadata__";

  private final Path file;
  private final Map<String, HostTensor> tensors;
  private final Map<String, String> metadata;

  private SafeTensors(Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Writes a file that is there whole or not at all: beside, fsynced, renamed. The same tensors
   * give the same bytes.
   *
   * @throws ModelException if the file cannot be written
   */
  public static void write(
      Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
    List<Map.Entry<String, HostTensor>> entries = new ArrayList<>(tensors.entrySet());
    // Wide types first, as the reference writer does: so every tensor begins at a multiple of its
    // element.
    entries.sort(
        Comparator.comparingInt((Map.Entry<String, HostTensor> e) -> -e.getValue().dtype().bytes())
            .thenComparing(Map.Entry::getKey));
    List<ByteBuffer> content = new ArrayList<>();
    content.add(header(entries, metadata));
    entries.forEach(e -> content.add(e.getValue().data()));
    try {
      AtomicFiles.write(file, content);
    } catch (IOException e) {
      throw new ModelException("[safetensors] " + file + " must be writable: " + reason(e), e);
    }
  }

  private static ByteBuffer header(
      List<Map.Entry<String, HostTensor>> entries, Map<String, String> metadata) {
    Map<String, Object> header = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      header.put(METADATA, new TreeMap<>(metadata));
    }
    long offset = 0;
    for (Map.Entry<String, HostTensor> each : entries) {
      if (each.getKey().equals(METADATA) || each.getKey().isEmpty()) {
        throw new IllegalArgumentException(
            "[safetensors] a tensor's name must not be empty or "
                + METADATA
                + ": "
                + each.getKey());
      }
      HostTensor tensor = each.getValue();
      long end = offset + tensor.data().remaining();
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("dtype", SafeTensorsHeader.name(tensor.dtype()));
      fields.put("shape", tensor.shape().dims());
      fields.put("data_offsets", new long[] {offset, end});
      header.put(each.getKey(), fields);
      offset = end;
    }
    byte[] json = Json.write(header).getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) / 8 * 8;
    ByteBuffer bytes = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(padded).put(json);
    while (bytes.hasRemaining()) {
      bytes.put((byte) ' ');
    }
    return bytes.flip();
  }

  /**
   * Maps a file and checks every field of its header.
   *
   * @throws ModelException naming the file, what was expected and what came
   */
  public static SafeTensors read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size > Integer.MAX_VALUE) {
        throw new ModelException(
            "[safetensors] " + file + " must be below 2 GiB: " + size + " bytes");
      }
      ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
      SafeTensorsHeader header =
          SafeTensorsHeader.parse(file, bytes.order(ByteOrder.LITTLE_ENDIAN));
      Map<String, HostTensor> tensors = new TreeMap<>();
      for (SafeTensorsHeader.Entry e : header.entries()) {
        int start = header.length() + (int) e.begin();
        ByteBuffer data =
            bytes.slice(start, (int) (e.end() - e.begin())).order(ByteOrder.LITTLE_ENDIAN);
        tensors.put(e.name(), new HostTensor(e.shape(), e.dtype(), data));
      }
      return new SafeTensors(file, tensors, header.metadata());
    } catch (NoSuchFileException e) {
      throw new ModelException("[safetensors] the file must be there: " + file, e);
    } catch (IOException e) {
      throw new ModelException("[safetensors] " + file + " must be readable: " + reason(e), e);
    }
  }

  /** What the system said; its own words are sometimes only the file's name. */
  static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " (" + e.getMessage() + ")";
  }

  /** In alphabetical order. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /**
   * The tensor, looking into the mapped file.
   *
   * @throws ModelException if there is none of that name
   */
  public HostTensor tensor(String name) {
    HostTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ModelException(
          "[safetensors] "
              + file
              + " must hold "
              + name
              + ": it holds "
              + String.join(", ", names()));
    }
    return tensor;
  }

  /** All tensors by name. */
  public Map<String, HostTensor> tensors() {
    return tensors;
  }

  /** The texts under {@code __metadata__}. */
  public Map<String, String> metadata() {
    return metadata;
  }
}
