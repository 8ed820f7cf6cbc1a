package io.retort.distill;

import io.retort.data.Dataset;
import io.retort.device.Device;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** What every phase of one job works with. */
record Workbench(
    TrainingOptions options,
    Device device,
    Dataset train,
    Dataset test,
    Job job,
    Consumer<Progress> listener,
    BooleanSupplier cancelled) {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  /** A phase's own seed. */
  long seed(int phase) {
    return options.seed() + GOLDEN * (phase + 1);
  }
}
