package io.retort.inference;

import static io.retort.TrialNode.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.retort.TrialNode;
import io.retort.bus.Addresses;
import io.retort.bus.ModelVersion;
import io.retort.bus.PredictRequest;
import io.retort.device.Memory;
import io.retort.nn.Architecture;
import io.retort.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnloadTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int TIMES = 1000;

  /** Loads that a process needs to have all its classes and threads. */
  private static final int FIRST_TIMES = 200;

  @TempDir Path home;

  /** In a process whose heap is resident from its start: what grows is what native code took. */
  @Test
  void unload_aThousandTimes_givesTheMemoryBack() throws Exception {
    Architecture net = Architecture.mlp(Shape.of(784), 256, 10);
    TrialNode.putLive(home, "student", net, 1);
    TrialNode.put(home, "student", net, 2);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xms96m",
                "-Xmx96m",
                "-XX:+AlwaysPreTouch",
                "-cp",
                System.getProperty("java.class.path"),
                UnloadTest.class.getName(),
                home.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
    String[] words =
        output.lines().filter(line -> line.startsWith("loaded ")).findFirst().get().split(" ");
    long loaded = Long.parseLong(words[1]);
    long grown = Long.parseLong(words[3]);
    assertThat(loaded).isGreaterThan(4L * 784 * 256);
    assertThat(grown).isLessThan(TIMES * loaded / 50);
  }

  /** Prints {@code loaded <bytes of the version> grown <bytes by which the process did>}. */
  public static void main(String[] arguments) throws Exception {
    Map<String, Object> flags = Map.of("inference.lanes", 2, "inference.compute", "lane");
    try (TrialNode node = TrialNode.start(Path.of(arguments[0]), flags, "inference")) {
      node.awaitLive("student", "1");
      long idle = Memory.allocatedBytes();
      long loaded = loadAskUnload(node, idle);
      for (int i = 1; i < FIRST_TIMES; i++) {
        loadAskUnload(node, idle);
      }
      long resident = residentBytes();
      for (int i = FIRST_TIMES; i < TIMES; i++) {
        assertThat(loadAskUnload(node, idle)).isEqualTo(loaded);
      }
      System.out.println("loaded " + loaded + " grown " + (residentBytes() - resident));
    }
  }

  /** Bytes that the version took; all of them are back when the reply of the unload is there. */
  private static long loadAskUnload(TrialNode node, long idle) {
    ModelVersion second = new ModelVersion("student", "2");
    await(node.bus().request(Addresses.MODELS_LOAD, second));
    long loaded = Memory.allocatedBytes() - idle;
    PredictRequest request = new PredictRequest("student", "2", 1, TrialNode.digit(1), 0);
    assertThat(await(node.bus().request(Addresses.PREDICT, request)).version()).isEqualTo("2");
    await(node.bus().request(Addresses.MODELS_UNLOAD, second));
    assertThat(Memory.allocatedBytes()).isEqualTo(idle);
    return loaded;
  }

  /** 0 where the system does not tell. */
  private static long residentBytes() throws IOException {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("RssAnon:"))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }
}
