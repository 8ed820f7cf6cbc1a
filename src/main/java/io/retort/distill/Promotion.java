package io.retort.distill;

/** When a finished model becomes the live one. */
public enum Promotion {
  /** When no version is live, or its accuracy is lower. */
  BETTER,
  ALWAYS,
  NEVER
}
