package io.retort.model;

import io.retort.nn.Architecture;
import io.retort.tensor.HostTensor;
import io.retort.tensor.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A second process that writes a store, to be killed. */
final class StoreProcess {
  static final Architecture ARCHITECTURE = Architecture.mlp(Shape.of(300), 200, 10);

  /** Changes that one of those makes who label at the same time. */
  static final int LABELS = 60;

  private StoreProcess() {}

  static void label(ModelStore store, String word) {
    for (int i = 0; i < LABELS; i++) {
      String label = word + i;
      store.changeLive("net", live -> live.labelled(label, "1"));
    }
  }

  /** Every value is the number: a version that is whole holds one number only. */
  static Map<String, HostTensor> weights(float number) {
    Map<String, HostTensor> weights = new LinkedHashMap<>();
    ARCHITECTURE
        .variables()
        .forEach(
            (name, shape) -> {
              float[] values = new float[(int) shape.size()];
              Arrays.fill(values, number);
              weights.put(name, HostTensor.of(shape, values));
            });
    return weights;
  }

  static Process start(Path directory, String mode) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            StoreProcess.class.getName(),
            directory.toString(),
            mode)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Reads the process's first lines, which must be these. */
  static void await(Process process, String... lines) throws IOException {
    BufferedReader output = process.inputReader();
    for (String line : lines) {
      String read = output.readLine();
      if (!line.equals(read)) {
        throw new IOException("the store's process must say " + line + ": " + read);
      }
    }
  }

  /**
   * {@code hold}: opens, says so and waits. {@code label}: labels version 1 of the net over and
   * over. {@code write}: saves and promotes versions without end.
   */
  public static void main(String[] arguments) throws IOException {
    ModelStore store = ModelStore.open(Path.of(arguments[0]));
    System.out.println("open");
    if (arguments[1].equals("hold")) {
      System.in.read();
      store.close();
      return;
    }
    if (arguments[1].equals("label")) {
      label(store, "other");
      System.out.println("labelled");
      return;
    }
    while (true) {
      int next = store.versions("net").size() + 1;
      Map<String, Double> metrics = Map.of("number", (double) next);
      ModelCard card = store.save("net", ARCHITECTURE, weights(next), metrics, "loop", null);
      store.promote("net", card.version());
      System.out.println("promoted");
    }
  }
}
