package io.retort.bus;

/**
 * Who waits for an answer, as those in the same process see it: what nobody waits for any more is
 * not computed. Does not travel between nodes.
 */
@FunctionalInterface
public interface Asker {
  /** Waits as long as its request allows. */
  Asker PATIENT = () -> false;

  /** Whether nobody reads the answer any more. May be asked on any thread. */
  boolean gone();
}
