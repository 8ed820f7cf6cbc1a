package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.Crowd;
import io.retort.TrialNode;
import io.retort.nn.Architecture;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShutdownTest {
  private static final Pattern PORT = Pattern.compile("listening on http://127\\.0\\.0\\.1:(\\d+)");
  @TempDir Path home;

  @Test
  void terminate_underLoad_losesNoRequestAndEndsBy143() throws Exception {
    TrialNode.putLive(home, "student", Architecture.named("student"), 1);
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.retort.Retort",
                "serve",
                "--models",
                home.resolve("models").toString(),
                "--port",
                "0")
            .redirectErrorStream(true)
            .start();
    try (BufferedReader log = server.inputReader()) {
      int port = readyAt(log);
      try (Crowd crowd = new Crowd(48, port, 40)) {
        crowd.awaitAnswers(2000);

        server.destroy();

        assertThat(crowd.losses()).isEmpty();
      }
      assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).isEqualTo(143);
    } finally {
      server.destroyForcibly();
    }
  }

  /** Reads on until the model is live and the port is known. */
  private static int readyAt(BufferedReader log) throws IOException {
    StringBuilder read = new StringBuilder();
    while (true) {
      Matcher port = PORT.matcher(read);
      if (port.find() && read.indexOf("is live") >= 0) {
        return Integer.parseInt(port.group(1));
      }
      String line = log.readLine();
      assertThat(line).as("the server ended: " + read).isNotNull();
      read.append(line).append('\n');
    }
  }
}
