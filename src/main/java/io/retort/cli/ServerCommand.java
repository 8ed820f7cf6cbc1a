package io.retort.cli;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * A command that starts a server. Its flags can be read without picocli, which takes a tenth of a
 * start to read its annotations; picocli stays the judge of what is not understood here.
 */
interface ServerCommand extends Callable<Integer> {
  /**
   * Sets one flag.
   *
   * @return whether there is such a flag
   * @throws IllegalArgumentException if the text cannot be its value
   */
  boolean take(String flag, String text);

  /**
   * The command of a line that names it first and has nothing but flags, each once, followed by
   * their values; null for any other line.
   */
  static ServerCommand read(String... line) {
    ServerCommand command =
        switch (line[0]) {
          case "run" -> new RunCommand();
          case "serve" -> new ServeCommand();
          default -> null;
        };
    if (command == null || line.length % 2 == 0) {
      return null;
    }
    Set<String> flags = new HashSet<>();
    try {
      for (int i = 1; i < line.length; i += 2) {
        String text = line[i + 1];
        boolean plain = !text.startsWith("-") && !text.startsWith("@");
        if (!plain || !flags.add(line[i]) || !command.take(line[i], text)) {
          return null;
        }
      }
    } catch (IllegalArgumentException notItsValue) {
      return null;
    }
    return command;
  }
}
