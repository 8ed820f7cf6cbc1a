package io.retort.config;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What runs on a node: {@code verticles.json} with the environment and the flags laid over it,
 * every setting checked.
 *
 * @param warnings names of the environment that look like settings and are none
 */
public record Verticles(
    VertxConfig vertx, SecurityConfig security, List<Entry> entries, List<String> warnings) {
  private static final String WHAT = "verticles.json";

  /** One verticle to deploy. */
  public record Entry(String name, String verticle, DeploymentOptions options) {}

  /**
   * Reads {@code file}, or, if it is null, {@code verticles.json} in the working directory where
   * there is one and the built-in copy otherwise.
   *
   * @param flags by key, {@code http.port}: they win over the environment, which wins over the file
   * @throws JsonException for what is not known or not legal
   */
  public static Verticles load(
      Path file, Map<String, String> environment, Map<String, Object> flags) {
    Path here = Path.of(WHAT);
    if (file != null || Files.exists(here)) {
      return parse(Fields.read(WHAT, file == null ? here : file), environment, flags);
    }
    return parse(Fields.resource(WHAT, WHAT), environment, flags);
  }

  /** Reads the text of a {@code verticles.json}. */
  public static Verticles parse(
      String text, Map<String, String> environment, Map<String, Object> flags) {
    return parse(Fields.parse(WHAT, text), environment, flags);
  }

  private static Verticles parse(
      Fields fields, Map<String, String> environment, Map<String, Object> flags) {
    Overrides overrides = new Overrides(environment, flags);
    Map<String, Object> vertx = overrides.over(Part.VERTX, fields.object("vertx").values());
    SecurityConfig security = security(fields.object("security").values(), overrides);
    List<Entry> entries = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    for (Fields each : fields.objects("verticles")) {
      Entry entry = entry(each, overrides);
      if (!names.add(entry.name)) {
        throw new JsonException(each.path() + ".name must be given once: " + entry.name);
      }
      entries.add(entry);
    }
    fields.end();
    return new Verticles(
        VertxConfig.of(vertx), security, List.copyOf(entries), overrides.warnings());
  }

  /** A secret in the file is refused though the environment has another: the file is read alone. */
  private static SecurityConfig security(Map<String, Object> file, Overrides overrides) {
    SecurityConfig.of(file);
    return SecurityConfig.of(overrides.over(Part.SECURITY, file));
  }

  private static Entry entry(Fields fields, Overrides overrides) {
    String name = fields.text("name");
    String verticle = fields.text("verticle");
    Part part = Part.of(verticle);
    Map<String, Object> settings = fields.object("config").values();
    if (part != null) {
      settings = overrides.over(part, settings);
      check(fields, part, settings);
    }
    DeploymentOptions options = new DeploymentOptions().setConfig(new JsonObject(settings));
    options.setThreadingModel(
        fields.choice("threadingModel", ThreadingModel.class, options.getThreadingModel()));
    options.setInstances(fields.integer("instances", options.getInstances()));
    options.setWorkerPoolName(fields.text("workerPoolName", null));
    options.setWorkerPoolSize(fields.integer("workerPoolSize", options.getWorkerPoolSize()));
    options.setMaxWorkerExecuteTime(
        fields.whole("maxWorkerExecuteTime", options.getMaxWorkerExecuteTime()));
    options.setMaxWorkerExecuteTimeUnit(
        fields.choice(
            "maxWorkerExecuteTimeUnit", TimeUnit.class, options.getMaxWorkerExecuteTimeUnit()));
    fields.end();
    return new Entry(name, verticle, options);
  }

  private static void check(Fields fields, Part part, Map<String, Object> settings) {
    try {
      part.check(settings);
    } catch (JsonException e) {
      throw new JsonException(WHAT + " " + e.getMessage());
    }
    if (fields.integer("instances", 1) < 1) {
      throw fields.wrong("instances", "1 or more");
    }
  }

  /** How long HTTP may take to stop by its settings; 0 where it does not run. */
  public long stopMillis() {
    return entries.stream()
        .filter(entry -> Part.of(entry.verticle) == Part.HTTP)
        .map(entry -> HttpConfig.of(entry.options.getConfig().getMap()))
        .mapToLong(http -> http.drainMillis() + 1000L * http.shutdownSeconds())
        .sum();
  }

  /** Whether a verticle of this name runs here. */
  public boolean has(String name) {
    return entries.stream().anyMatch(entry -> entry.name.equals(name));
  }

  /** The same without the verticle of this name. */
  public Verticles without(String name) {
    return new Verticles(
        vertx,
        security,
        entries.stream().filter(entry -> !entry.name.equals(name)).toList(),
        warnings);
  }
}
