package io.retort.inference;

import io.retort.bus.Addresses;
import io.retort.bus.Bus;
import io.retort.bus.LiveModel;
import io.retort.bus.ModelName;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells everyone which versions answer. Used on the home executor alone. */
final class Announcer {
  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  private final Bus bus;
  private final ServedModels served;
  private final Set<String> live = new HashSet<>();

  Announcer(Bus bus, ServedModels served) {
    this.bus = bus;
    this.served = served;
  }

  /** The model's line is another one. */
  void changed(String name) {
    LiveModel model = served.describe(name);
    if (model != null) {
      live.add(name);
      LOG.info(
          "inference: {} version {} is live, {} µs a row, shares {}",
          name,
          model.version(),
          served.get(name).nanosOfOne() / 1000,
          model.traffic().percent());
      bus.publish(Addresses.MODEL_SERVED, model);
    } else if (live.remove(name)) {
      LOG.info("inference: {} does not answer any more", name);
      bus.publish(Addresses.MODEL_RETIRED, new ModelName(name));
    }
  }
}
