package io.retort.distill;

import io.retort.device.Precision;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A stretch of a recipe in which some models train on a sum of terms; those that only answer are
 * frozen.
 *
 * @param name in progress reports
 * @param train names of the models that train, all in the same steps
 * @param onlyIfMissing whether the phase is left out when the model store has all of them
 * @param clipNorm the gradients' common norm is held to this; 0 for no limit
 * @param hardLabelsFirst while it lasts, terms that learn from labels alone weigh 1 and all others
 *     0
 * @param earlyStopping null for none
 * @param jitter by how many pixels images are moved, each at random; the same image goes to every
 *     model
 * @param keep which weights go on: those of the best epoch or of the last
 * @param precision of the products in its steps; weights, sums and evaluations are float32 each
 *     time
 */
public record Phase(
    String name,
    List<String> train,
    boolean onlyIfMissing,
    int epochs,
    int batch,
    Optimizer optimizer,
    double clipNorm,
    Span hardLabelsFirst,
    EarlyStopping earlyStopping,
    int jitter,
    Keep keep,
    Precision precision,
    List<Term> terms) {
  public static final int DEFAULT_BATCH = 64;

  /** The weights that a phase ends with. */
  public enum Keep {
    BEST,
    LAST
  }

  public Phase {
    train = List.copyOf(train);
    terms = Terms.distinct(terms);
    require(!train.isEmpty(), name, "must train at least one model: none");
    require(epochs >= 1, name, "epochs must be at least 1: " + epochs);
    require(batch >= 1, name, "batch must be at least 1: " + batch);
    require(clipNorm >= 0, name, "clipNorm must be at least 0: " + clipNorm);
    require(jitter >= 0, name, "jitter must be at least 0 pixels: " + jitter);
    require(!terms.isEmpty(), name, "must have at least one term: none");
    for (String model : train) {
      boolean learns = terms.stream().anyMatch(term -> term.models().get(0).equals(model));
      require(learns, name, "trains " + model + ", so a term must teach it: none does");
    }
    require(
        hardLabelsFirst.length() == 0 || terms.stream().anyMatch(Term::hard),
        name,
        "has hardLabelsFirst, so it must have a crossEntropy term: none");
  }

  private static void require(boolean holds, String phase, String what) {
    if (!holds) {
      throw new JsonException("recipe phase " + phase + " " + what);
    }
  }

  /** A phase with the defaults: batch 64, Adam at 1e-3, the best epoch's weights. */
  public static Phase of(String name, List<String> train, int epochs, List<Term> terms) {
    return new Phase(
        name,
        train,
        false,
        epochs,
        DEFAULT_BATCH,
        Optimizer.adam(1e-3),
        0,
        Span.NONE,
        null,
        0,
        Keep.BEST,
        Precision.FLOAT32,
        terms);
  }

  static Phase parse(Fields f) {
    List<String> train = new ArrayList<>();
    for (Object model : f.list("train")) {
      train.add(String.valueOf(model));
    }
    List<Term> terms = new ArrayList<>();
    for (Fields term : f.objects("terms")) {
      terms.add(Terms.parse(term));
    }
    Phase phase =
        new Phase(
            f.text("name"),
            train,
            f.flag("onlyIfMissing", false),
            f.integer("epochs", 10),
            f.integer("batch", DEFAULT_BATCH),
            Optimizer.parse(f, "optimizer", Optimizer.adam(1e-3)),
            f.number("clipNorm", 0),
            Span.parse(f, "hardLabelsFirst"),
            EarlyStopping.parse(f, "earlyStopping"),
            f.integer("jitter", 0),
            f.choice("keep", Keep.class, Keep.BEST),
            f.choice("precision", Precision.class, Precision.FLOAT32),
            terms);
    f.end();
    return phase;
  }

  /** The names of all its models, those that train first. */
  Set<String> models() {
    Set<String> models = new LinkedHashSet<>(train);
    terms.forEach(term -> models.addAll(term.models()));
    return models;
  }

  /** The models that answer and do not train. */
  Set<String> frozen() {
    Set<String> frozen = models();
    train.forEach(frozen::remove);
    return frozen;
  }

  /**
   * Frozen models of which only logits are wanted, of unchanging inputs: these are worked out once,
   * before the phase.
   */
  Set<String> answeredOnce() {
    Set<String> once = frozen();
    if (jitter > 0) {
      once.clear();
    }
    for (Term term : terms) {
      term.features().stream()
          .filter(path -> path.contains("/"))
          .map(Scene::modelOf)
          .forEach(once::remove);
    }
    return once;
  }

  /** A term's weight at a time, the hard-label warm-up included. */
  double weight(Term term, double epoch) {
    if (epoch < hardLabelsFirst.of(epochs)) {
      return term.hard() ? 1 : 0;
    }
    return term.weight().at(epoch, epochs);
  }

  Phase withTerms(UnaryOperator<Term> change) {
    return new Phase(
        name,
        train,
        onlyIfMissing,
        epochs,
        batch,
        optimizer,
        clipNorm,
        hardLabelsFirst,
        earlyStopping,
        jitter,
        keep,
        precision,
        terms.stream().map(change).toList());
  }

  /** This phase with some of its settings given anew, named as in the recipe's JSON. */
  Phase with(Map<String, Object> settings) {
    Map<String, Object> map = toMap();
    map.putAll(settings);
    return parse(Fields.of("recipe phase " + name, map));
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("train", train);
    map.put("onlyIfMissing", onlyIfMissing);
    map.put("epochs", epochs);
    map.put("batch", batch);
    map.put("optimizer", optimizer.toMap());
    map.put("clipNorm", clipNorm);
    if (hardLabelsFirst.length() > 0) {
      map.put("hardLabelsFirst", hardLabelsFirst.toMap());
    }
    if (earlyStopping != null) {
      map.put("earlyStopping", earlyStopping.toMap());
    }
    map.put("jitter", jitter);
    map.put("keep", keep.name());
    if (precision != Precision.FLOAT32) {
      map.put("precision", precision.word());
    }
    map.put("terms", terms.stream().map(Terms::toMap).toList());
    return map;
  }
}
