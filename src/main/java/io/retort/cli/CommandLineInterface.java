package io.retort.cli;

import io.retort.json.JsonException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParseResult;

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
    CommandLine line = lineOf(complete[0]);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpWidth(100);
    line.setExecutionExceptionHandler(CommandLineInterface::explain);
    boolean alone = !(line.getCommand() instanceof CommandLineInterface);
    return line.execute(alone ? Arrays.copyOfRange(complete, 1, complete.length) : complete);
  }

  /**
   * One command alone where it is named: to read the annotations of all takes a tenth of a start.
   */
  private static CommandLine lineOf(String name) {
    Object command =
        switch (name) {
          case "run" -> new RunCommand();
          case "serve" -> new ServeCommand();
          default -> new CommandLineInterface();
        };
    String prefix = command instanceof CommandLineInterface ? "" : "retort ";
    CommandLine line = new CommandLine(command);
    return line.setCommandName(prefix + line.getCommandName());
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

  private static int explain(Exception failure, CommandLine line, ParseResult parsed) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException
            || cause instanceof ExecutionException
            || cause instanceof UncheckedIOException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    LoggerFactory.getLogger(CommandLineInterface.class).debug("the command failed", failure);
    String sentence = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    line.getErr().println("retort: " + sentence);
    return cause instanceof IllegalArgumentException || cause instanceof JsonException
        ? WRONG_INPUT
        : FAILED;
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
