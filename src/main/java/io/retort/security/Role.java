package io.retort.security;

import java.util.Locale;

/** What a caller may do. An admin may do all; of the others each gives its own right alone. */
public enum Role {
  /** Ask models, and read what they are. */
  PREDICT,
  /** Start, watch and cancel jobs. */
  TRAIN,
  /** Load, promote and split models, and all the rest. */
  ADMIN;

  /** As settings and tokens write it: {@code predict}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role of a word, or null if it is none. */
  static Role of(String word) {
    for (Role role : values()) {
      if (role.word().equals(word)) {
        return role;
      }
    }
    return null;
  }
}
