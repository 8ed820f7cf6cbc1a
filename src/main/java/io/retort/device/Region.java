package io.retort.device;

/** The bytes [offset, offset + bytes) of a block of memory; none where bytes is 0. */
public record Region(long offset, long bytes) {}
