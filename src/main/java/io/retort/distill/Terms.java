package io.retort.distill;

import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The kinds of {@link Term} that a recipe may name. */
final class Terms {
  private static final Map<String, Function<Fields, Term>> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put(SoftmaxKl.KIND, SoftmaxKl::parse);
    KINDS.put(CrossEntropy.KIND, CrossEntropy::parse);
    KINDS.put(Hint.KIND, Hint::parse);
    for (Rkd.Relation relation : Rkd.Relation.values()) {
      KINDS.put(relation.kind, f -> Rkd.parse(relation, f));
    }
  }

  private Terms() {}

  static Term parse(Fields fields) {
    return OneOf.parse(fields, KINDS);
  }

  static Schedule weight(Fields fields) {
    return Schedule.parse(fields, "weight", Schedule.constant(1));
  }

  static Map<String, Object> toMap(Term term) {
    return Map.of(term.kind(), term.settings());
  }

  /**
   * The terms with a label each of its own: where several have the same, the name of the model that
   * learns is added.
   *
   * @throws IllegalArgumentException if two are still alike
   */
  static List<Term> distinct(List<Term> terms) {
    List<Term> named = new ArrayList<>();
    for (Term term : terms) {
      boolean alone =
          terms.stream().filter(other -> other.label().equals(term.label())).count() == 1;
      named.add(alone ? term : term.labelled(term.label() + "-" + term.models().get(0)));
    }
    Set<String> labels = new HashSet<>();
    for (Term term : named) {
      if (term.label().equals("total") || !labels.add(term.label())) {
        throw new JsonException(
            "[recipe] terms must have a label each (\"label\"), none of them total: "
                + term.label());
      }
    }
    return List.copyOf(named);
  }
}
