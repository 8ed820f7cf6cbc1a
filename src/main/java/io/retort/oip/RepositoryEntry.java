package io.retort.oip;

import io.retort.bus.VersionState;

/**
 * One version of a model in the repository's index.
 *
 * @param state READY, LOADING or UNAVAILABLE
 * @param reason why it is not ready; empty where it is
 */
public record RepositoryEntry(String name, String version, String state, String reason) {
  static RepositoryEntry of(String model, VersionState version) {
    return switch (version.status()) {
      case READY -> new RepositoryEntry(model, version.version(), "READY", "");
      case LOADING -> new RepositoryEntry(model, version.version(), "LOADING", "");
      case UNLOADED -> new RepositoryEntry(model, version.version(), "UNAVAILABLE", "unloaded");
      case FAILED -> new RepositoryEntry(model, version.version(), "UNAVAILABLE", version.reason());
    };
  }

  /** Whether it can answer. */
  public boolean ready() {
    return state.equals("READY");
  }
}
