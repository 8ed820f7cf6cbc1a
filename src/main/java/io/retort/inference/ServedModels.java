package io.retort.inference;

import io.retort.bus.LiveModel;
import io.retort.bus.ShadowComparison;
import io.retort.bus.VersionStatistics;
import io.retort.config.InferenceConfig;
import io.retort.json.Nearest;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/** The models that answer. Used on the home executor alone. */
final class ServedModels {
  private final InferenceConfig config;
  private final Consumer<Runnable> later;
  private final Map<String, ServedModel> models = new LinkedHashMap<>();
  private final Set<String> known = new HashSet<>();

  /**
   * None yet.
   *
   * @param later runs something on the home executor when requests that were under way have come
   */
  ServedModels(InferenceConfig config, Consumer<Runnable> later) {
    this.config = config;
    this.later = later;
  }

  /** Null where no model of this name answers. */
  ServedModel get(String name) {
    return models.get(name);
  }

  /** Whether this model answered once. */
  boolean had(String name) {
    return known.contains(name);
  }

  /** What a name was probably meant to be. */
  String hint(String name) {
    return Nearest.hint(name, models.keySet());
  }

  /**
   * Has this line of versions answer from now on; those that are no longer in it answer what they
   * have accepted.
   *
   * @param next null to have none answer
   * @param atOnce whether a version that leaves is not even kept for requests on their way to it
   * @return when the memory of those is free that leave at once
   */
  Future<Void> line(String name, ServedModel.Line next, boolean atOnce) {
    ServedModel model = models.computeIfAbsent(name, ServedModel::new);
    ServedModel.Line old = model.line();
    Map<String, Batcher> now = next == null ? Map.of() : next.batchers();
    Shadow shadow = next == null ? null : next.shadow();
    if (next == null) {
      models.remove(name);
    } else {
      model.line(next);
      known.add(name);
    }
    List<Future<Void>> closed = new ArrayList<>();
    if (old != null) {
      if (old.shadow() != null && old.shadow() != shadow) {
        closed.add(old.shadow().close());
      }
      old.batchers()
          .forEach((version, left) -> leave(model, left, now.get(version), atOnce, closed));
    }
    if (next == null) {
      model.leaving().values().forEach(left -> closed.add(left.retire(null)));
      model.leaving().clear();
    }
    return Future.join(closed).mapEmpty();
  }

  private void leave(
      ServedModel model, Batcher left, Batcher heir, boolean atOnce, List<Future<Void>> closed) {
    if (left == heir) {
      return;
    }
    if (heir != null || atOnce) {
      closed.add(left.retire(heir));
      return;
    }
    String version = left.model().card().version();
    Batcher before = model.leaving().put(version, left);
    if (before != null) {
      before.retire(null);
    }
    later.accept(
        () -> {
          if (model.leaving().remove(version, left)) {
            left.retire(null);
          }
        });
  }

  List<LiveModel> live() {
    return models.keySet().stream().map(this::describe).filter(Objects::nonNull).toList();
  }

  /** Null where no version answers requests that name none. */
  LiveModel describe(String name) {
    ServedModel served = models.get(name);
    if (served == null || served.line().live() == null) {
      return null;
    }
    ServedModel.Line line = served.line();
    WarmModel model = line.batchers().get(line.live()).model();
    return new LiveModel(
        name,
        line.live(),
        model.features(),
        model.classes(),
        name.equals(config.defaultModel()),
        Arrays.stream(model.card().architecture().input().dims()).boxed().toList(),
        line.traffic());
  }

  /** Of one model, or of all where it is null. */
  List<VersionStatistics> statistics(String name) {
    return models.values().stream()
        .map(ServedModel::line)
        .flatMap(line -> line.batchers().values().stream())
        .filter(batcher -> name == null || batcher.model().card().name().equals(name))
        .sorted(
            Comparator.comparing((Batcher batcher) -> batcher.model().card().name())
                .thenComparingInt(batcher -> Integer.parseInt(batcher.model().card().version())))
        .map(batcher -> batcher.tallies().statistics(batcher.model().card()))
        .toList();
  }

  ShadowComparison comparison(String name) {
    ServedModel model = models.get(name);
    Shadow shadow = model == null ? null : model.line().shadow();
    return shadow == null ? new ShadowComparison(name, null, 0, 0, 0, 0) : shadow.comparison();
  }

  /** Refuses those in the queues that nobody waits for any more. */
  void sweep() {
    for (ServedModel model : models.values()) {
      model.line().batchers().values().forEach(Batcher::sweep);
      model.leaving().values().forEach(Batcher::sweep);
    }
  }

  /** When all that was accepted is answered and the memory is free. */
  Future<Void> retireAll() {
    return Future.join(
            List.copyOf(models.keySet()).stream().map(name -> line(name, null, true)).toList())
        .mapEmpty();
  }
}
