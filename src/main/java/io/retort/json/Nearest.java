package io.retort.json;

import java.util.Collection;
import java.util.Comparator;

/** Finds the name that somebody probably meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * {@code "; did you mean epochs?"}, the nearest known name by edit distance, or all names where
   * none is near.
   */
  public static String hint(String name, Collection<String> known) {
    if (known.isEmpty()) {
      return "";
    }
    String nearest =
        known.stream()
            .min(Comparator.<String>comparingInt(k -> distance(name, k)).thenComparing(k -> k))
            .get();
    if (distance(name, nearest) <= Math.max(2, name.length() / 3)) {
      return "; did you mean " + nearest + "?";
    }
    return "; known are " + String.join(", ", known.stream().sorted().toList());
  }

  /** Levenshtein distance, letter case ignored. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        boolean same =
            Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        int substitute = diagonal + (same ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, Math.min(row[j - 1], row[j]) + 1);
      }
    }
    return row[b.length()];
  }
}
