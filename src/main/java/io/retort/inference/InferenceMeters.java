package io.retort.inference;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.retort.device.Memory;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * The meters of the loaded versions. They are made some time after their version is, because
 * loading their classes beside it would delay the first answer. Used on the loader's thread alone.
 */
final class InferenceMeters {
  private final Supplier<MeterRegistry> source;
  private final Executor later;
  private final Map<Batcher, VersionMeters> meters = new HashMap<>();
  private final Set<Batcher> watched = new HashSet<>();
  private MeterRegistry registry;

  /**
   * None yet.
   *
   * @param later runs tasks on the loader's thread
   */
  InferenceMeters(Supplier<MeterRegistry> source, Executor later) {
    this.source = source;
    this.later = later;
  }

  void watch(Batcher batcher) {
    if (watched.add(batcher)) {
      later.execute(() -> meter(batcher));
    }
  }

  void forget(Batcher batcher) {
    watched.remove(batcher);
    VersionMeters own = meters.remove(batcher);
    if (own != null) {
      batcher.tallies().meter(null);
      own.close();
    }
  }

  private void meter(Batcher batcher) {
    if (!watched.contains(batcher)) {
      return;
    }
    if (registry == null) {
      registry = source.get();
      Gauge.builder("retort.native.memory.bytes", Memory::allocatedBytes)
          .description("Memory that models and training hold outside the heap, on all devices")
          .baseUnit("bytes")
          .register(registry);
    }
    VersionMeters own = new VersionMeters(registry, batcher);
    meters.put(batcher, own);
    batcher.tallies().meter(own);
  }
}
