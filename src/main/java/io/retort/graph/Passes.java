package io.retort.graph;

/** Which of the passes that only make a plan smaller and faster are applied. */
record Passes(boolean fuse, boolean share, boolean inPlace) {
  static final Passes ALL = new Passes(true, true, true);
  static final Passes NONE = new Passes(false, false, false);
}
