package io.retort.oip;

import java.util.List;

/**
 * What is known of a tensor before it comes.
 *
 * @param shape -1 where any size may come
 */
public record TensorMetadata(String name, String datatype, List<Integer> shape) {}
