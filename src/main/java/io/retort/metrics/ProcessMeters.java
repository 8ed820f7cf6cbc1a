package io.retort.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is true of the whole process: the JVM, its memory, the build, the GPUs. */
final class ProcessMeters {
  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMeters() {}

  /** A new registry with these meters in it. */
  static PrometheusMeterRegistry registry() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    register(registry);
    GpuMeters.register(registry);
    return registry;
  }

  private static void register(MeterRegistry registry) {
    new JvmMemoryMetrics().bindTo(registry);
    JvmGcMetrics collections = new JvmGcMetrics();
    collections.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    Gauge.builder("retort.network.memory", PlatformDependent::usedDirectMemory)
        .description("memory outside the heap that sockets use")
        .baseUnit("bytes")
        .register(registry);
    if (Files.isReadable(STATUS)) {
      Gauge.builder("process.resident.memory", ProcessMeters::resident)
          .description("memory of the machine that the process holds")
          .baseUnit("bytes")
          .register(registry);
    }
    Gauge.builder("retort.build.info", () -> 1)
        .description("always 1")
        .tags("version", version(), "java", Runtime.version().toString())
        .register(registry);
  }

  private static String version() {
    String packed = Meters.class.getPackage().getImplementationVersion();
    return packed == null ? "unpacked" : packed;
  }

  private static double resident() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return 1024 * Double.parseDouble(line.replaceAll("\\D", ""));
        }
      }
      return Double.NaN;
    } catch (IOException unreadable) {
      return Double.NaN;
    }
  }
}
