package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import io.retort.json.Nearest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What to train, on what, in which order: data, that {@link Distillation} carries out.
 *
 * @param models the models by name, in order
 * @param phases one after another; a model trained in a phase goes on from there in later ones
 * @param promote when a finished model becomes the live one of the store
 */
public record Recipe(
    String name,
    String about,
    Map<String, Participant> models,
    List<Phase> phases,
    Promotion promote) {
  private static final List<String> BUILT_IN =
      List.of(
          "mnist",
          "mnist-quick",
          "mnist-hint",
          "mnist-rkd",
          "mnist-mutual",
          "hinton-mnist-hard",
          "hinton-mnist-soft");

  public Recipe {
    models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
    phases = List.copyOf(phases);
    if (phases.isEmpty()) {
      throw new JsonException("recipe " + name + " must have at least one phase: none");
    }
    Set<String> names = new HashSet<>();
    for (Phase phase : phases) {
      if (!names.add(phase.name())) {
        throw new JsonException(
            "recipe " + name + " must name every phase apart: " + phase.name() + " twice");
      }
      for (String model : phase.models()) {
        if (!models.containsKey(model)) {
          throw new JsonException(
              "recipe "
                  + name
                  + " phase "
                  + phase.name()
                  + ": there is no model "
                  + model
                  + Nearest.hint(model, models.keySet()));
        }
      }
    }
    Set<String> stored = new HashSet<>();
    for (Participant each : models.values()) {
      if (!stored.add(each.model())) {
        throw new JsonException(
            "recipe " + name + " must store every model under its own name: " + each.model());
      }
    }
  }

  /** The names of the recipes in the jar. */
  public static List<String> builtIns() {
    return BUILT_IN;
  }

  /** A recipe of the jar. */
  public static Recipe builtIn(String name) {
    if (!BUILT_IN.contains(name)) {
      throw new JsonException("there is no recipe " + name + Nearest.hint(name, BUILT_IN));
    }
    return parse(Fields.resource("recipe " + name, "recipes/" + name + ".json"));
  }

  /** A built-in recipe by its name, or else one from a file. */
  public static Recipe load(String nameOrFile) {
    if (BUILT_IN.contains(nameOrFile)) {
      return builtIn(nameOrFile);
    }
    Path file = Path.of(nameOrFile);
    if (Files.exists(file) || nameOrFile.endsWith(".json")) {
      return parse(Fields.read("recipe " + file.getFileName(), file));
    }
    throw new JsonException(
        "there is no recipe "
            + nameOrFile
            + ", neither built in nor a file"
            + Nearest.hint(nameOrFile, BUILT_IN));
  }

  /**
   * Reads a recipe.
   *
   * @throws JsonException that names the field, if one is unknown, missing or of a wrong kind
   */
  public static Recipe parse(Fields f) {
    Map<String, Participant> models = new LinkedHashMap<>();
    Fields declared = f.object("models");
    for (String name : declared.values().keySet()) {
      models.put(name, Participant.parse(name, declared.object(name)));
    }
    List<Phase> phases = new ArrayList<>();
    for (Fields phase : f.objects("phases")) {
      phases.add(Phase.parse(phase));
    }
    Recipe recipe =
        new Recipe(
            f.text("name"),
            f.text("about", ""),
            models,
            phases,
            f.choice("promote", Promotion.class, Promotion.BETTER));
    f.end();
    return recipe;
  }

  /** The recipe as JSON, every setting written out. */
  public Map<String, Object> toMap() {
    Map<String, Object> declared = new LinkedHashMap<>();
    models.forEach((key, model) -> declared.put(key, model.toMap()));
    return Settings.of(
        "name", name,
        "about", about,
        "models", declared,
        "phases", phases.stream().map(Phase::toMap).toList(),
        "promote", promote.name());
  }

  /** 64 hexadecimal digits that tell this recipe from any other. */
  public String hash() {
    try {
      byte[] text = Json.write(toMap()).getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Another length of the last phase. */
  public Recipe withEpochs(int epochs) {
    return withLast(phase -> phase.with(Settings.of("epochs", epochs)));
  }

  /** Another batch size in every phase. */
  public Recipe withBatch(int batch) {
    return withEach(phase -> phase.with(Settings.of("batch", batch)));
  }

  /** Another temperature in the last phase's softmaxKl terms. */
  public Recipe withTemperature(double temperature) {
    return withLast(
        phase ->
            phase.withTerms(
                term ->
                    term instanceof SoftmaxKl kl
                        ? kl.heated(Schedule.constant(temperature))
                        : term));
  }

  /**
   * In the last phase, this weight for the softmaxKl terms and what it lacks to 1 for the
   * crossEntropy terms.
   */
  public Recipe withSoftWeight(double weight) {
    if (!(weight >= 0 && weight <= 1)) {
      throw new JsonException("recipe " + name + ": softWeight must be from 0 to 1: " + weight);
    }
    return withLast(
        phase ->
            phase.withTerms(
                term -> {
                  if (term instanceof SoftmaxKl) {
                    return term.weighted(Schedule.constant(weight));
                  }
                  return term.hard() ? term.weighted(Schedule.constant(1 - weight)) : term;
                }));
  }

  /** Only the phases up to one of that name, as to train no more than the teacher. */
  public Recipe upTo(String phase) {
    for (int i = 0; i < phases.size(); i++) {
      if (phases.get(i).name().equals(phase)) {
        return new Recipe(name, about, models, phases.subList(0, i + 1), promote);
      }
    }
    List<String> names = phases.stream().map(Phase::name).toList();
    throw new JsonException(
        "recipe " + name + " has no phase " + phase + Nearest.hint(phase, names));
  }

  private Recipe withEach(UnaryOperator<Phase> change) {
    return new Recipe(name, about, models, phases.stream().map(change).toList(), promote);
  }

  private Recipe withLast(UnaryOperator<Phase> change) {
    List<Phase> changed = new ArrayList<>(phases);
    changed.set(changed.size() - 1, change.apply(changed.get(changed.size() - 1)));
    return new Recipe(name, about, models, changed, promote);
  }
}
