package io.retort.security;

import java.util.EnumSet;
import java.util.Set;

/**
 * Who asks.
 *
 * @param name of the key, or {@code jwt:} and the token's subject
 * @param ratePerSecond requests it may make; 0 for any number
 * @param rateBurst requests at once before the rate counts
 */
public record Caller(String name, Set<Role> roles, int ratePerSecond, int rateBurst) {
  /** The caller of a node that asks nobody for a key. */
  public static final Caller ANYBODY = new Caller("anybody", EnumSet.allOf(Role.class), 0, 0);
}
