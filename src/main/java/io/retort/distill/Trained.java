package io.retort.distill;

import io.retort.tensor.HostTensor;
import java.util.Map;

/**
 * A model at the end of a phase.
 *
 * @param weights the kept ones, by path without scope
 * @param metrics as a model card holds them
 * @param teacherHash of the frozen model that taught it; null where none did
 */
record Trained(Map<String, HostTensor> weights, Map<String, Double> metrics, String teacherHash) {}
