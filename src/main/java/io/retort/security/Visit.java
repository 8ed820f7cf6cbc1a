package io.retort.security;

/** A request as its transport sees it. */
public interface Visit {

  /** The value of a header by its name in lower case, or null. */
  String header(String name);

  /** The address of the other end, as numbers. */
  String address();

  /** {@code POST}. */
  String method();

  /** Path and query as they came. */
  String target();

  /**
   * Whether whoever takes the body holds it against {@link Guard#fits}; a signature is worth
   * nothing otherwise and is not taken.
   */
  boolean checksBody();
}
