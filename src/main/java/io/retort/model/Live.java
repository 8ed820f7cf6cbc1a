package io.retort.model;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * The file {@code live} of a model: which version answers, and which others take part.
 *
 * @param version answers every request that names no version, unless there is a split
 * @param previous the one that did before; null if there was none
 * @param split percent of such requests by version, with the sum 100; empty if one answers all
 * @param labels versions by a word that a request may name instead
 * @param shadow computes what the others answer, to be compared; null for none
 */
public record Live(
    String version,
    String previous,
    Map<String, Integer> split,
    Map<String, String> labels,
    String shadow) {
  private static final String NAME = "live";
  private static final int WHOLE = 100;

  public Live {
    Map<String, Integer> shares = new TreeMap<>(Comparator.comparingInt(Integer::parseInt));
    shares.putAll(split);
    split = Collections.unmodifiableMap(shares);
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
  }

  /** One version answers all, and none did before. */
  public static Live of(String version) {
    return new Live(version, null, Map.of(), Map.of(), null);
  }

  /** Whether a word may stand for a version: a-z, 0-9 and . _ -, a letter first, not "live". */
  public static boolean isLabel(String word) {
    return Names.isLabel(word);
  }

  /** This version answers alone. */
  public Live promoted(String next) {
    return new Live(
        next,
        next.equals(version) ? previous : version,
        Map.of(),
        labels,
        next.equals(shadow) ? null : shadow);
  }

  /**
   * These versions share the requests; one that was the shadow is it no longer.
   *
   * @param percent from 1, with the sum 100
   */
  public Live shared(Map<String, Integer> percent) {
    return percent.size() == 1
        ? promoted(percent.keySet().iterator().next())
        : new Live(
            version,
            previous,
            percent,
            labels,
            shadow != null && percent.containsKey(shadow) ? null : shadow);
  }

  /** The word stands for that version, or for none where it is null. */
  public Live labelled(String word, String named) {
    Map<String, String> words = new TreeMap<>(labels);
    if (named == null) {
      words.remove(word);
    } else {
      words.put(word, named);
    }
    return new Live(version, previous, split, words, shadow);
  }

  /** That version is the shadow, or none where it is null. */
  public Live shadowed(String other) {
    return new Live(version, previous, split, labels, other);
  }

  /** The percent of every version that answers requests which name none. */
  public Map<String, Integer> shares() {
    return split.isEmpty() ? Map.of(version, WHOLE) : split;
  }

  /** Every version that takes part, the live one first. */
  public List<String> versions() {
    Set<String> others = new TreeSet<>(Comparator.comparingInt(Integer::parseInt));
    others.addAll(split.keySet());
    others.addAll(labels.values());
    if (shadow != null) {
      others.add(shadow);
    }
    others.remove(version);
    List<String> all = new ArrayList<>(List.of(version));
    all.addAll(others);
    return all;
  }

  static Optional<Live> read(Path model) {
    Path file = model.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      Fields fields = Fields.read("[models] " + file, file);
      Live live =
          new Live(
              version(fields, "version"),
              fields.has("previous") ? version(fields, "previous") : null,
              split(fields, fields.object("split")),
              labels(fields.object("labels")),
              fields.has("shadow") ? version(fields, "shadow") : null);
      fields.end();
      return Optional.of(live);
    } catch (JsonException e) {
      throw new ModelException(e.getMessage(), e);
    }
  }

  private static String version(Fields fields, String key) {
    String version = fields.text(key);
    if (!Names.isVersion(version)) {
      throw fields.wrong(key, "a version, 1 and up");
    }
    return version;
  }

  private static Map<String, Integer> split(Fields live, Fields shares) {
    Map<String, Integer> split = new LinkedHashMap<>();
    int sum = 0;
    for (String version : shares.values().keySet()) {
      int percent = shares.integer(version);
      if (!Names.isVersion(version) || percent < 1 || percent > WHOLE) {
        throw shares.wrong(version, "a version's percent, 1 to 100");
      }
      split.put(version, percent);
      sum += percent;
    }
    if (!split.isEmpty() && sum != WHOLE) {
      throw live.wrong("split", "percents with the sum 100");
    }
    return split;
  }

  private static Map<String, String> labels(Fields words) {
    Map<String, String> labels = new LinkedHashMap<>();
    for (String word : words.values().keySet()) {
      if (!Names.isLabel(word)) {
        throw words.wrong(word, "a label: a-z, 0-9 and . _ -, a letter first, and not live");
      }
      labels.put(word, version(words, word));
    }
    return labels;
  }

  /** Every write gives the file another inode, and almost every one another time. */
  static Object stamp(Path model) {
    try {
      BasicFileAttributes file =
          Files.readAttributes(model.resolve(NAME), BasicFileAttributes.class);
      return Arrays.asList(file.lastModifiedTime(), file.size(), file.fileKey());
    } catch (IOException e) {
      return null;
    }
  }

  static Live change(Path model, UnaryOperator<Live> change) throws IOException {
    LiveLock lock = LiveLock.take(model);
    try {
      Live old = read(model).orElse(null);
      Live changed = change.apply(old);
      if (!changed.equals(old)) {
        changed.write(model);
      }
      return changed;
    } finally {
      lock.close();
    }
  }

  private void write(Path model) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("version", version);
    if (previous != null) {
      map.put("previous", previous);
    }
    if (!split.isEmpty()) {
      map.put("split", split);
    }
    if (!labels.isEmpty()) {
      map.put("labels", labels);
    }
    if (shadow != null) {
      map.put("shadow", shadow);
    }
    AtomicFiles.write(model.resolve(NAME), Json.write(map) + "\n");
  }
}
