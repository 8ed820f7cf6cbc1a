package io.retort.distill;

import io.retort.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * One part of a phase's loss. A term is data until {@link #loss} writes it into a graph; a new one
 * is a record and a line in {@link Terms}.
 */
public interface Term {
  /** The field that names this kind in a recipe: {@code softmaxKl}. */
  String kind();

  /** Its name in progress reports, and of its inputs and adapter in the graph. */
  String label();

  /** What the loss is multiplied by. */
  Schedule weight();

  /** Other numbers that are fed before each step, by name: the temperature. */
  Map<String, Schedule> knobs();

  /**
   * Whether it learns from the labels alone; these terms are all that counts in a hard-label
   * warm-up.
   */
  boolean hard();

  /** The participants whose logits or features it takes; the one that learns comes first. */
  List<String> models();

  /** The features that it takes, by path: {@code teacher/conv2}. */
  List<String> features();

  /** Writes the loss, before its weight, into the graph: a value of shape [1]. */
  Value loss(Scene scene);

  /** The settings of the recipe's JSON, without the kind. */
  Map<String, Object> settings();

  Term labelled(String label);

  Term weighted(Schedule weight);
}
