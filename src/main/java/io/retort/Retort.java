package io.retort;

import io.retort.cli.CommandLineInterface;
import io.retort.cli.Warmth;

/** The main class: {@code java -jar retort.jar [run|train|distill|serve|evaluate]}. */
public final class Retort {
  private Retort() {}

  public static void main(String[] arguments) {
    Warmth.begin(arguments);
    int code = CommandLineInterface.execute(arguments);
    if (code != CommandLineInterface.STAYS) {
      System.exit(code);
    }
  }
}
