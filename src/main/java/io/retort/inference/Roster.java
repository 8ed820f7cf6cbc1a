package io.retort.inference;

import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.retort.device.DeviceLostException;
import io.retort.device.OutOfDeviceMemoryException;
import io.retort.inference.ServedModel.Line;
import io.retort.model.Live;
import io.retort.model.UnknownModelException;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which versions are loaded: those that the file {@code live} of their model names, and those that
 * somebody loaded by hand. A version is warm before anybody hears of it. Used on the loader's
 * thread alone, which does one thing after the other.
 */
final class Roster {
  /** Has a line of versions answer; none where it is null. */
  interface Stage {
    Future<Void> show(String model, Line line, boolean atOnce);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Roster.class);

  private final ModelLoader loader;
  private final Batchers batchers;
  private final ModelStates states;
  private final InferenceMeters meters;
  private final Stage stage;
  private final Map<String, RosterEntry> entries = new LinkedHashMap<>();
  private volatile String degraded;
  private boolean stopped;

  Roster(
      ModelLoader loader,
      Batchers batchers,
      ModelStates states,
      InferenceMeters meters,
      Stage stage) {
    this.loader = loader;
    this.batchers = batchers;
    this.states = states;
    this.meters = meters;
    this.stage = stage;
  }

  /** Why the models answer slower than they should; null where they do not. */
  String degraded() {
    return degraded;
  }

  /** Loads nothing any more: whoever shows the lines ends them. */
  void stop() {
    stopped = true;
    entries.values().forEach(entry -> entry.loaded.values().forEach(meters::forget));
  }

  private void requireRunning() {
    if (stopped) {
      throw Failure.UNAVAILABLE.because("this node is stopping");
    }
  }

  private RosterEntry entry(String model) {
    return entries.computeIfAbsent(model, RosterEntry::new);
  }

  /** Serves what the store says, the default model first; what cannot be served is logged. */
  void followAll() {
    LOG.info("inference: device {}", loader.device().describe());
    loader.names().forEach(this::follow);
  }

  /** Looks for models whose file {@code live} was written since it was read. */
  void poll() {
    for (String model : loader.names()) {
      Object stamp = loader.store().liveStamp(model);
      if (stamp != null && !stamp.equals(entry(model).stamp)) {
        follow(model);
      }
    }
  }

  /** Serves what the file {@code live} of a model says now; what cannot be served is logged. */
  void follow(String model) {
    if (stopped) {
      return;
    }
    RosterEntry entry = entry(model);
    try {
      entry.stamp = loader.store().liveStamp(model);
      loader.store().traffic(model).ifPresent(live -> follow(entry, live));
    } catch (RuntimeException | Error e) {
      LOG.error("inference: {} cannot be served: {}", model, e.getMessage(), e);
    }
  }

  /** As far as the versions can be loaded; where nothing could answer, all stays as it is. */
  private Future<Void> follow(RosterEntry entry, Live live) {
    if (live.equals(entry.live) && entry.loaded.keySet().containsAll(live.versions())) {
      return Future.succeededFuture();
    }
    Set<String> before = Set.copyOf(entry.loaded.keySet());
    live.versions().forEach(version -> tried(entry, version));
    if (entry.shares(live).isEmpty()) {
      dropAllBut(entry, before);
      return Future.succeededFuture();
    }
    entry.live = live;
    return show(entry, false);
  }

  /** Loads a version, or what the traffic asks for where it is null; keeps it until told. */
  Future<Void> load(String model, String version) {
    requireRunning();
    RosterEntry entry = entry(model);
    if (version == null) {
      return loadLive(entry);
    }
    load(entry, version);
    entry.byHand.add(version);
    return show(entry, false);
  }

  private Future<Void> loadLive(RosterEntry entry) {
    Live live = TrafficCheck.live(entry.model, loader.store().traffic(entry.model).orElse(null));
    loadAll(entry, live.versions());
    entry.live = live;
    return show(entry, false);
  }

  /** Loads versions that the change needs, then writes it, then has them answer. */
  Future<Void> change(String model, List<String> needed, UnaryOperator<Live> change) {
    requireRunning();
    RosterEntry entry = entry(model);
    Set<String> before = Set.copyOf(entry.loaded.keySet());
    loadAll(entry, needed);
    Live live;
    try {
      live = loader.store().changeLive(model, change);
      Object stamp = loader.store().liveStamp(model);
      if (live.equals(loader.store().traffic(model).orElse(null))) {
        entry.stamp = stamp;
      }
    } catch (RuntimeException | Error e) {
      dropAllBut(entry, before);
      throw e;
    }
    return follow(entry, live);
  }

  /** Frees a version, or all of them where it is null: then none answers until one is loaded. */
  Future<Void> unload(String model, String version) {
    requireRunning();
    RosterEntry entry = entry(model);
    if (version == null) {
      entry.byHand.clear();
      entry.live = null;
      return show(entry, true);
    }
    if (entry.live != null && entry.live.versions().contains(version)) {
      throw TrafficCheck.inUse(model, version, entry.live);
    }
    entry.byHand.remove(version);
    return show(entry, true);
  }

  private void loadAll(RosterEntry entry, List<String> versions) {
    Set<String> before = Set.copyOf(entry.loaded.keySet());
    try {
      versions.forEach(version -> load(entry, version));
    } catch (RuntimeException | Error e) {
      dropAllBut(entry, before);
      throw e;
    }
  }

  private void load(RosterEntry entry, String version) {
    FailureException failure = tried(entry, version);
    if (failure != null) {
      throw failure;
    }
  }

  /** Loads a version that is not loaded; tells why it could not, or null. */
  private FailureException tried(RosterEntry entry, String version) {
    if (entry.loaded.containsKey(version)) {
      return null;
    }
    states.loading(entry.model, version);
    try {
      entry.loaded.put(version, warm(entry.model, version));
      states.ready(entry.loaded.get(version).model());
      return null;
    } catch (RuntimeException | Error e) {
      return failed(entry, version, e);
    }
  }

  private FailureException failed(RosterEntry entry, String version, Throwable e) {
    LOG.error(
        "inference: {} version {} cannot be loaded: {}", entry.model, version, e.getMessage(), e);
    String reason =
        e instanceof OutOfDeviceMemoryException || e instanceof UnknownModelException
            ? e.getMessage()
            : "it could not be loaded; the log of the server says why";
    states.failed(entry.model, version, reason);
    return Failure.MODEL_ERROR.because("version " + version + " of " + entry.model + ": " + reason);
  }

  private Batcher warm(String model, String version) {
    try {
      return batchers.batcher(loader.load(model, version));
    } catch (DeviceLostException e) {
      if (degraded != null) {
        throw e;
      }
      turnToCpu(e);
      return batchers.batcher(loader.load(model, version));
    }
  }

  /** What was asked waits in its queue until the same versions are there on the CPU. */
  void turnToCpu(DeviceLostException reason) {
    if (degraded != null || stopped) {
      return;
    }
    degraded = reason.getMessage();
    LOG.warn("inference: from now on the CPU answers; {}", degraded);
    loader.turnToCpu();
    entries.values().forEach(this::reload);
  }

  private void reload(RosterEntry entry) {
    for (String version : List.copyOf(entry.loaded.keySet())) {
      forget(entry, version);
      tried(entry, version);
    }
    if (entry.shown != null) {
      show(entry, true);
    }
  }

  private void dropAllBut(RosterEntry entry, Set<String> kept) {
    for (String version : List.copyOf(entry.loaded.keySet())) {
      if (!kept.contains(version)) {
        forget(entry, version);
      }
    }
  }

  /** Whoever shows the next line retires what was in the last; what was in none is retired here. */
  private void forget(RosterEntry entry, String version) {
    Batcher batcher = entry.loaded.remove(version);
    states.unloaded(entry.model, version);
    meters.forget(batcher);
    if (!entry.shows(batcher)) {
      batcher.retire(null);
    }
  }

  private Future<Void> show(RosterEntry entry, boolean atOnce) {
    dropAllBut(entry, entry.needed());
    entry.loaded.values().forEach(meters::watch);
    entry.shadow = shadow(entry);
    entry.shown = entry.line();
    states.traffic(entry.model, entry.shown == null ? null : entry.shown.traffic());
    return stage.show(entry.model, entry.shown, atOnce);
  }

  private Shadow shadow(RosterEntry entry) {
    String wanted = entry.live == null ? null : entry.live.shadow();
    Batcher batcher = wanted == null ? null : entry.loaded.get(wanted);
    if (batcher == null) {
      return null;
    }
    if (entry.shadow != null && entry.shadow.model() == batcher.model()) {
      return entry.shadow;
    }
    try {
      return batchers.shadow(batcher.model());
    } catch (RuntimeException | Error e) {
      LOG.error("inference: {} has no shadow: {}", entry.model, e.getMessage(), e);
      return null;
    }
  }
}
