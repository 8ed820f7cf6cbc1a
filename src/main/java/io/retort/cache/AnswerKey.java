package io.retort.cache;

/** What an answer depends on: one version of a model, and the input. */
record AnswerKey(String model, String version, Input input) {

  @Override
  public boolean equals(Object other) {
    return other instanceof AnswerKey key
        && key.input.equals(input)
        && key.version.equals(version)
        && key.model.equals(model);
  }

  @Override
  public int hashCode() {
    return input.hashCode() + 31 * version.hashCode();
  }
}
