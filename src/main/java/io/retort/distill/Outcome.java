package io.retort.distill;

import io.retort.model.ModelCard;
import java.util.List;
import java.util.Map;

/**
 * What a job ended with.
 *
 * @param models what it saved, in order; the student last
 * @param metrics those of the last saved model; empty where none was
 * @param cancelled whether it was stopped; it can then be resumed
 */
public record Outcome(
    String job, List<ModelCard> models, Map<String, Double> metrics, boolean cancelled) {}
