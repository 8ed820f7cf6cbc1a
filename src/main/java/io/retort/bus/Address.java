package io.retort.bus;

/** Where a request goes, and how the request and its reply travel. */
public record Address<Q, R>(String name, Format<Q> request, Format<R> reply) {}
