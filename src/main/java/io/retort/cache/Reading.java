package io.retort.cache;

/**
 * What a body asks.
 *
 * @param model its name, or null for the default
 * @param version a number, a label, or null for one by the model's traffic
 */
record Reading(String model, String version, Input input) {}
