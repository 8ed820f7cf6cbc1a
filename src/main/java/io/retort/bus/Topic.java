package io.retort.bus;

/** Where news is published, to everyone who listens. */
public record Topic<T>(String name, Format<T> message) {}
