package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as their user meets them: a process, its output and its exit code. */
class CommandLineInterfaceTest {
  private record Ended(int code, String text) {}

  @TempDir private Path folder;

  private Ended retort(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.retort.Retort"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String text = text(process);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), text);
  }

  private static String text(Process process) throws IOException {
    try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
      return out.lines().collect(Collectors.joining("\n"));
    }
  }

  @Test
  void help_listsEveryCommand() throws Exception {
    Ended ended = retort("--help");
    assertThat(ended.code).isZero();
    assertThat(ended.text).contains("run", "train", "distill", "serve", "evaluate", "Exit codes");
  }

  @Test
  void unknownFlag_isWrongUsage() throws Exception {
    Ended ended = retort("distill", "--epocs", "3");
    assertThat(ended.code).isEqualTo(2);
    assertThat(ended.text).contains("--epocs").contains("--epochs");
  }

  @Test
  void distill_unknownRecipe_namesTheNearest() throws Exception {
    Ended ended = retort("distill", "--recipe", "mnits");
    assertThat(ended.code).isEqualTo(2);
    assertThat(ended.text)
        .contains("there is no recipe mnits")
        .contains("mnist")
        .doesNotContain("\tat ");
  }

  @Test
  void distill_recipeWithUnknownKey_namesIt() throws Exception {
    Path recipe = Files.writeString(folder.resolve("r.json"), "{\"name\":\"r\",\"phazes\":[]}");
    Ended ended = retort("distill", "--recipe", recipe.toString());
    assertThat(ended.code).isEqualTo(2);
    assertThat(ended.text).startsWith("retort: ").doesNotContain("\tat ");
  }

  @Test
  void train_dataDirectoryWithoutFiles_saysWhichFileIsMissing() throws Exception {
    Ended ended = retort("train", "--data", folder.toString());
    assertThat(ended.code).isEqualTo(2);
    assertThat(ended.text).contains("train-images").doesNotContain("\tat ");
  }

  @Test
  void train_unwritableModelsDirectory_isAnError() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    Ended ended =
        retort("train", "--recipe", "mnist-quick", "--models", file.resolve("models").toString());
    assertThat(ended.code).isNotZero();
    assertThat(ended.text).startsWith("retort: ").doesNotContain("\tat ");
  }

  @Test
  void evaluate_emptyStore_saysSo() throws Exception {
    Ended ended = retort("evaluate");
    assertThat(ended.code).isEqualTo(2);
    assertThat(ended.text).contains("there is no live version of the model student");
  }

  @Test
  void serve_portInUse_namesThePort() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Ended ended = retort("serve", "--port", Integer.toString(taken.getLocalPort()));
      assertThat(ended.code).isEqualTo(1);
      assertThat(ended.text)
          .contains(Integer.toString(taken.getLocalPort()))
          .doesNotContain("\tat ");
    }
  }

  @Test
  void serve_unknownSetting_namesTheNearest() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("v.json"),
            "{\"verticles\":[{\"name\":\"http\",\"verticle\":\"io.retort.http.HttpVerticle\",\"config\":{\"prot\":1}}]}");
    Ended ended = retort("serve", "--verticles", file.toString());
    assertThat(ended.code).isEqualTo(2);
    assertThat(ended.text).contains("prot is not known; did you mean port?");
  }
}
