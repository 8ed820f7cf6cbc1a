package io.retort.distill;

import java.util.Map;

/**
 * A report from a running job.
 *
 * @param phase the recipe's name of the phase, or {@code soft-labels}, {@code evaluate}
 * @param epoch from 1; 0 in a phase that has none
 * @param step steps done in this phase, of {@code steps}
 * @param loss means over the epoch so far: {@code total}, and each term by its label, before its
 *     weight
 * @param accuracy on the test set, of the model that trains (the first one), after the last whole
 *     epoch; NaN while unknown
 * @param etaSeconds until the end of the phase; NaN while unknown
 */
public record Progress(
    String job,
    String phase,
    int epoch,
    int epochs,
    long step,
    long steps,
    Map<String, Double> loss,
    double accuracy,
    double samplesPerSecond,
    double etaSeconds) {}
