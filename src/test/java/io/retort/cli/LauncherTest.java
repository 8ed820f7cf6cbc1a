package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with a Java that only says how it was called. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String JAVA =
      """
      #!/bin/sh
      echo "pid $$"
      echo "blas $OPENBLAS_NUM_THREADS"
      for argument in "$@"; do echo "[$argument]"; done
      """;

  private record Ended(int code, long pid, List<String> lines) {}

  @TempDir private Path folder;
  private Path home;
  private Path javaHome;

  @BeforeEach
  void layOut() throws IOException {
    home = Files.createDirectories(folder.resolve("a place")).toRealPath();
    script(home.resolve("retort"), Files.readString(Path.of("src/main/launcher/retort")));
    Files.createFile(home.resolve("retort.jar"));
    javaHome = folder.resolve("java home");
    Files.createDirectories(javaHome.resolve("bin"));
    script(javaHome.resolve("bin/java"), JAVA);
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private Ended launch(Map<String, String> environment, String... line) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(line).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", javaHome.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String text =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), process.pid(), text.lines().toList());
  }

  private Ended launch(String... arguments) throws Exception {
    List<String> line = new ArrayList<>(List.of(home.resolve("retort").toString()));
    line.addAll(Arrays.asList(arguments));
    return launch(Map.of(), line.toArray(String[]::new));
  }

  @Test
  void launch_serve_runsTheJarBesideItWithTheArchiveAndASmallHeap() throws Exception {
    Ended ended = launch("serve", "--models", "my models/*");

    assertThat(ended.lines)
        .contains("[-XX:SharedArchiveFile=" + home.resolve("retort.jsa") + "]", "[-Xmx128m]")
        .endsWith(
            "[-jar]",
            "[" + home.resolve("retort.jar") + "]",
            "[serve]",
            "[--models]",
            "[my models/*]");
  }

  @Test
  void launch_java_isTheSameProcess() throws Exception {
    Ended ended = launch("serve");

    assertThat(ended.lines).contains("pid " + ended.pid);
  }

  @Test
  void launch_commandsThatTrain_haveTheHeapThatJavaChooses() throws Exception {
    for (String command : List.of("run", "train", "distill", "evaluate")) {
      assertThat(launch(command).lines).noneMatch(line -> line.startsWith("[-Xm"));
    }
    assertThat(launch().lines)
        .noneMatch(line -> line.startsWith("[-Xm"))
        .endsWith("[" + home.resolve("retort.jar") + "]");
  }

  @Test
  void launch_overLinks_findsItsHome() throws Exception {
    Files.createDirectories(folder.resolve("bin"));
    Path near = Files.createSymbolicLink(home.resolve("near"), Path.of("retort"));
    Path far = Files.createSymbolicLink(folder.resolve("bin/far"), near);

    Ended ended = launch(Map.of(), far.toString(), "serve");

    assertThat(ended.lines).contains("[" + home.resolve("retort.jar") + "]");
  }

  @Test
  void launch_moreOptions_comeAfterItsOwn() throws Exception {
    Ended ended =
        launch(
            Map.of("RETORT_JAVA_OPTIONS", "-Xmx1g -Da=*"),
            home.resolve("retort").toString(),
            "serve");

    assertThat(ended.lines).containsSubsequence("[-Xmx128m]", "[-Xmx1g]", "[-Da=*]", "[-jar]");
    assertThat(ended.lines).contains("blas 1");
  }

  @Test
  void launch_archive_rehearses() throws Exception {
    assertThat(launch("archive").lines)
        .contains("[-XX:ArchiveClassesAtExit=" + home.resolve("retort.jsa") + "]")
        .endsWith("[" + Rehearsal.class.getName() + "]");
  }

  @Test
  void launch_jarOrJavaMissing_saysWhich() throws Exception {
    Files.delete(javaHome.resolve("bin/java"));
    Ended withoutJava = launch("serve");
    assertThat(withoutJava.code).isEqualTo(1);
    assertThat(withoutJava.lines).singleElement().asString().contains("there is no " + javaHome);

    Files.delete(home.resolve("retort.jar"));
    Ended withoutJar = launch("serve");
    assertThat(withoutJar.code).isEqualTo(1);
    assertThat(withoutJar.lines).singleElement().asString().contains("there is no " + home);
  }

  @Test
  void rehearsal_withoutArchive_isAnsweredAndEnds() throws Exception {
    Ended ended =
        launch(
            Map.of(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Rehearsal.class.getName());

    assertThat(ended.lines).anyMatch(line -> line.contains("student version 1 is live"));
    assertThat(ended.code).isZero();
  }
}
