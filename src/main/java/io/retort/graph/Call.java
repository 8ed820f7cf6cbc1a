package io.retort.graph;

/** One kernel with its arguments, made when a plan is compiled. */
@FunctionalInterface
interface Call {
  void run();
}
