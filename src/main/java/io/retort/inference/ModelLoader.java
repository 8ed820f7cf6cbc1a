package io.retort.inference;

import io.retort.config.InferenceConfig;
import io.retort.device.Device;
import io.retort.device.DeviceKind;
import io.retort.device.Precision;
import io.retort.model.ModelCard;
import io.retort.model.ModelStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads versions from the store onto the device; on a thread of its own, beside what serves. */
final class ModelLoader implements AutoCloseable {
  /** Where devices come from. */
  interface Opener {
    Device open(DeviceKind kind, int threads);
  }

  private final InferenceConfig config;
  private final Opener opener;
  private ModelStore store;
  private Device device;
  private Device lost;

  ModelLoader(InferenceConfig config, Opener opener) {
    this.config = config;
    this.opener = opener;
  }

  /** The names to serve, the default model first, so that it is ready first. */
  List<String> names() {
    List<String> names =
        new ArrayList<>(config.models().isEmpty() ? store().models() : config.models());
    if (names.remove(config.defaultModel())) {
      names.add(0, config.defaultModel());
    }
    return names;
  }

  boolean serves(String model) {
    return config.models().isEmpty() || config.models().contains(model);
  }

  /** A version's weights, on the device. */
  WarmModel load(String name, String version) {
    ModelCard card = store().card(name, version);
    return new WarmModel(
        card,
        store().weights(card),
        device(),
        Precision.valueOf(config.precision().toUpperCase(Locale.ROOT)),
        config.maxBatchSize());
  }

  /** May be used by any thread. */
  synchronized ModelStore store() {
    if (store == null) {
      store = ModelStore.readOnly(config.modelsDirectory());
    }
    return store;
  }

  /** Opened once; natives are loaded here, not on an event loop. */
  Device device() {
    if (device == null) {
      device =
          opener.open(
              DeviceKind.valueOf(config.device().toUpperCase(Locale.ROOT)), config.threads());
    }
    return device;
  }

  /** Loads on the CPU from now on; models of the device before are freed before this is closed. */
  void turnToCpu() {
    lost = device;
    device = opener.open(DeviceKind.CPU, config.threads());
  }

  @Override
  public void close() {
    if (store != null) {
      store.close();
    }
    if (device != null) {
      device.close();
    }
    if (lost != null) {
      lost.close();
    }
  }
}
