package io.retort.cli;

import io.retort.json.JsonException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/**
 * The commands and their exit codes: 0 done, 1 failed, 2 wrong usage, settings or input, 130
 * cancelled.
 */
@Command(
    name = "retort",
    mixinStandardHelpOptions = true,
    versionProvider = CommandLineInterface.Version.class,
    subcommands = {
      RunCommand.class,
      TrainCommand.class,
      DistillCommand.class,
      ServeCommand.class,
      EvaluateCommand.class
    },
    description = {
      "Trains a teacher network, distils it into a small student and serves the student.",
      "Without a command: run."
    },
    footer = {
      "",
      "Settings: a flag wins over the environment (RETORT_HTTP_PORT, PORT, DIST_EPOCHS and so on),",
      "which wins over verticles.json.",
      "Exit codes: 0 done, 1 failed, 2 wrong usage, settings or input, 130 cancelled.",
      "",
      "Examples:",
      "  java -jar retort.jar                          train, distil, serve on port 5000",
      "  java -jar retort.jar distill --epochs 3       only make the student",
      "  java -jar retort.jar serve --port 8080        only serve what is in ./models",
      "  java -jar retort.jar evaluate --model student"
    })
public final class CommandLineInterface {
  /** The command goes on in the background: the process must not exit. */
  public static final int STAYS = -1;

  static final int FAILED = 1;
  static final int WRONG_INPUT = 2;
  static final int CANCELLED = 130;

  private CommandLineInterface() {}

  /** Carries out a command line and returns its exit code, or {@link #STAYS}. */
  public static int execute(String... arguments) {
    String[] complete = withDefault(arguments);
    ServerCommand server = ServerCommand.read(complete);
    if (server == null) {
      return Picocli.execute(complete);
    }
    try {
      return server.call();
    } catch (Exception failure) {
      return explain(failure);
    }
  }

  /** {@code run} is what a line without a command means, flags or not. */
  private static String[] withDefault(String[] arguments) {
    boolean names = arguments.length > 0 && !arguments[0].startsWith("-");
    boolean asks = arguments.length == 1 && arguments[0].matches("-h|--help|-V|--version");
    if (names || asks) {
      return arguments;
    }
    String[] run = new String[arguments.length + 1];
    run[0] = "run";
    System.arraycopy(arguments, 0, run, 1, arguments.length);
    return run;
  }

  /** Says on the standard error stream what went wrong, and returns the exit code. */
  private static int explain(Exception failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException
            || cause instanceof ExecutionException
            || cause instanceof UncheckedIOException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    LoggerFactory.getLogger(CommandLineInterface.class).debug("the command failed", failure);
    String sentence = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    System.err.println("retort: " + sentence);
    return cause instanceof IllegalArgumentException || cause instanceof JsonException
        ? WRONG_INPUT
        : FAILED;
  }

  /** Apart, so that it is loaded where it is needed alone. */
  private static final class Picocli {
    static int execute(String... arguments) {
      CommandLine line = new CommandLine(new CommandLineInterface());
      line.setCaseInsensitiveEnumValuesAllowed(true);
      line.setUsageHelpWidth(100);
      line.setExecutionExceptionHandler((failure, command, parsed) -> explain(failure));
      return line.execute(arguments);
    }
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = CommandLineInterface.class.getPackage().getImplementationVersion();
      return new String[] {"Retort " + (version == null ? "(not from a jar)" : version)};
    }
  }
}
