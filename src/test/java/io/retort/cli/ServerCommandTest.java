package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class ServerCommandTest {
  @ParameterizedTest
  @ValueSource(strings = {"run", "serve"})
  void read_everyFlagOfPicocli_setsWhatPicocliSets(String name) {
    ServerCommand command = name.equals("run") ? new RunCommand() : new ServeCommand();
    CommandLine picocli = new CommandLine(command);
    List<String> line = new ArrayList<>(List.of(name));
    for (OptionSpec option : options(picocli)) {
      line.add(option.longestName());
      line.add(Number.class.isAssignableFrom(option.type()) ? "7" : "text");
    }
    assertThat(line).hasSizeGreaterThan(8);
    picocli.parseArgs(line.subList(1, line.size()).toArray(String[]::new));

    ServerCommand read = ServerCommand.read(line.toArray(String[]::new));

    assertThat(read).usingRecursiveComparison().isEqualTo(command);
  }

  /** All but {@code --help} and {@code --version}. */
  private static List<OptionSpec> options(CommandLine picocli) {
    return picocli.getCommandSpec().options().stream()
        .filter(option -> option.arity().max() > 0)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train",
        "serve --help",
        "serve --port",
        "serve --port many",
        "serve --port=7",
        "serve --port -1",
        "serve --port 1 --port 2",
        "serve --models @file",
        "serve --epochs 3",
        "run --prot 1"
      })
  void read_anythingElse_isLeftToPicocli(String line) {
    assertThat(ServerCommand.read(line.split(" "))).isNull();
  }

  @Test
  void read_commandAlone_isThatCommand() {
    assertThat(ServerCommand.read("serve")).isInstanceOf(ServeCommand.class);
  }
}
