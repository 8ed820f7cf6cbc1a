package io.retort.http;

/** Rows of numbers as a model takes them, one after the other. */
record Rows(int count, float[] values) {}
