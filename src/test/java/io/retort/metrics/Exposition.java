package io.retort.metrics;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Prometheus's text, read: the value of every series, by the line before it. */
public final class Exposition {
  private final Map<String, Double> series = new LinkedHashMap<>();

  public Exposition(String text) {
    text.lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .forEach(
            line -> {
              int space = line.lastIndexOf(' ');
              Double before =
                  series.put(line.substring(0, space), number(line.substring(space + 1)));
              if (before != null) {
                throw new AssertionError("a series must stand once: " + line);
              }
            });
  }

  private static double number(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  /** The series of this name whose labels hold all of {@code labels}; 0 where there is none. */
  public double sum(String name, String... labels) {
    return sum(
        key -> {
          for (String label : labels) {
            if (!key.contains(label)) {
              return false;
            }
          }
          return name(key).equals(name);
        });
  }

  private double sum(Predicate<String> which) {
    return series.entrySet().stream()
        .filter(each -> which.test(each.getKey()))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /** The buckets of a histogram in the order of the text, by their bound. */
  public Map<Double, Double> buckets(String name, String... labels) {
    Map<Double, Double> buckets = new LinkedHashMap<>();
    series.forEach(
        (key, value) -> {
          if (name(key).equals(name + "_bucket")
              && java.util.Arrays.stream(labels).allMatch(key::contains)) {
            buckets.put(number(key.replaceAll(".*le=\"([^\"]*)\".*", "$1")), value);
          }
        });
    return buckets;
  }

  public Set<String> names() {
    return series.keySet().stream()
        .map(Exposition::name)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  public Set<String> series() {
    return series.keySet();
  }

  private static String name(String key) {
    int brace = key.indexOf('{');
    return brace < 0 ? key : key.substring(0, brace);
  }
}
