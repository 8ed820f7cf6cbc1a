package io.retort.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory and use of every NVIDIA GPU that the driver shows, as its {@code nvidia-smi} says; no
 * meter where there is no driver. The program is asked when somebody scrapes, every few seconds at
 * most.
 */
final class GpuMeters {
  private static final Logger LOG = LoggerFactory.getLogger(GpuMeters.class);
  private static final Path DRIVER = Path.of("/dev/nvidiactl");
  private static final long PATIENCE_SECONDS = 5;
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final List<String> QUESTION =
      List.of(
          "nvidia-smi",
          "--query-gpu=index,memory.used,memory.total,utilization.gpu",
          "--format=csv,noheader,nounits");

  /** One GPU: bytes, and the part of the time in which a kernel ran; NaN for what is not known. */
  record State(String gpu, double used, double total, double use) {}

  private Map<String, State> states = Map.of();
  private long asked;

  private final List<String> question;

  private GpuMeters(List<String> question) {
    this.question = question;
  }

  static void register(MeterRegistry registry) {
    if (Files.exists(DRIVER)) {
      register(registry, QUESTION);
    }
  }

  /** Registers the GPUs that the program {@code question} tells of. */
  static void register(MeterRegistry registry, List<String> question) {
    GpuMeters gpus = new GpuMeters(question);
    gpus.ask();
    gpus.states.keySet().forEach(gpu -> gpus.register(registry, gpu));
  }

  private void register(MeterRegistry registry, String gpu) {
    Gauge.builder("retort.gpu.memory.used", () -> value(gpu, State::used))
        .description("memory of the GPU in use, by whomever")
        .baseUnit("bytes")
        .tag("gpu", gpu)
        .register(registry);
    Gauge.builder("retort.gpu.memory.total", () -> value(gpu, State::total))
        .description("memory of the GPU")
        .baseUnit("bytes")
        .tag("gpu", gpu)
        .register(registry);
    Gauge.builder("retort.gpu.use", () -> value(gpu, State::use))
        .description("part of the time in which the GPU computed")
        .baseUnit("ratio")
        .tag("gpu", gpu)
        .register(registry);
  }

  private synchronized double value(String gpu, ToDoubleFunction<State> part) {
    if (System.nanoTime() - asked > FRESH_NANOS) {
      ask();
    }
    State state = states.get(gpu);
    return state == null ? Double.NaN : part.applyAsDouble(state);
  }

  private void ask() {
    states = Map.of();
    try {
      Process process =
          new ProcessBuilder(question).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0) {
        states = read(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      } else {
        process.destroyForcibly();
      }
    } catch (IOException absent) {
      LOG.info("metrics: no GPU is shown: {}", absent.getMessage());
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    }
    asked = System.nanoTime();
  }

  /** Reads lines as {@code 0, 1024, 143771, 37}: index, MiB, MiB, percent. */
  static Map<String, State> read(String answer) {
    return answer
        .lines()
        .map(line -> line.split(",\\s*"))
        .filter(parts -> parts.length == 4)
        .map(
            parts ->
                new State(
                    parts[0].strip(),
                    number(parts[1]) * (1 << 20),
                    number(parts[2]) * (1 << 20),
                    number(parts[3]) / 100))
        .collect(Collectors.toMap(State::gpu, state -> state));
  }

  /** What a GPU does not tell comes in brackets: {@code [N/A]}. */
  private static double number(String text) {
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException untold) {
      return Double.NaN;
    }
  }
}
