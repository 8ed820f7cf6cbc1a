package io.retort.bus;

/** Where a job is in its life. */
public enum JobStatus {
  QUEUED,
  RUNNING,
  DONE,
  FAILED,
  CANCELLED;

  /** Whether nothing more will happen to the job. */
  public boolean finished() {
    return this == DONE || this == FAILED || this == CANCELLED;
  }

  /** The word of the REST answers: {@code running}. */
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  static JobStatus of(String word) {
    return valueOf(word.toUpperCase(java.util.Locale.ROOT));
  }
}
