package io.retort.inference;

import io.retort.bus.Traffic;
import io.retort.inference.ServedModel.Line;
import io.retort.model.Live;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** One model of the roster, and who could answer for it. */
final class RosterEntry {
  final String model;
  final Map<String, Batcher> loaded = new LinkedHashMap<>();

  /** Versions that somebody asked for by their number. */
  final Set<String> byHand = new HashSet<>();

  /** What is followed of the file; null while nothing is. */
  Live live;

  /** Of the file when it was read last. */
  Object stamp;

  Shadow shadow;
  Line shown;

  RosterEntry(String model) {
    this.model = model;
  }

  /** Every version that must be loaded. */
  Set<String> needed() {
    Set<String> needed = new HashSet<>(byHand);
    if (live != null) {
      needed.addAll(live.versions());
    }
    return needed;
  }

  /** Whether whoever shows the next line will find this one in the last. */
  boolean shows(Batcher batcher) {
    return shown != null && shown.batchers().containsValue(batcher);
  }

  /** Who of those that are loaded can answer: all that share the requests, else the live one. */
  Map<String, Integer> shares(Live wanted) {
    if (loaded.keySet().containsAll(wanted.shares().keySet())) {
      return wanted.shares();
    }
    String version = wanted.version();
    return loaded.containsKey(version) ? Live.of(version).shares() : Map.of();
  }

  /** What is loaded, as it is to answer; null where nothing is. */
  Line line() {
    if (loaded.isEmpty()) {
      return null;
    }
    Set<String> versions = new TreeSet<>(Comparator.comparingInt(Integer::parseInt));
    versions.addAll(loaded.keySet());
    Map<String, Integer> shares = live == null ? Map.of() : shares(live);
    Map<String, String> labels = new LinkedHashMap<>(live == null ? Map.of() : live.labels());
    labels.values().retainAll(versions);
    Traffic traffic =
        new Traffic(
            shares, labels, shadow == null ? null : shadow.version(), List.copyOf(versions));
    return new Line(first(shares), traffic, loaded, shadow);
  }

  /** The live version; the first that has a share where it could not be loaded. */
  private String first(Map<String, Integer> shares) {
    if (shares.isEmpty()) {
      return null;
    }
    return loaded.containsKey(live.version()) ? live.version() : shares.keySet().iterator().next();
  }
}
