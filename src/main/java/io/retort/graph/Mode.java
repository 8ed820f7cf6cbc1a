package io.retort.graph;

/** What a graph is built for: decides what batch norm and dropout become. */
public enum Mode {
  /** Batch norm uses and keeps the batch's statistics, dropout drops. */
  TRAINING,
  /** Batch norm uses the running statistics, dropout disappears. */
  INFERENCE
}
