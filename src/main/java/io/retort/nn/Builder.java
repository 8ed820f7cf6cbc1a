package io.retort.nn;

import io.retort.graph.Window2d;
import io.retort.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Layers one after the other. Each has a default name (conv1, relu1, pool1 …); {@link #as} gives
 * the last one another.
 */
public final class Builder {
  private final String name;
  private final Shape input;
  private final List<Sequence.Named> layers = new ArrayList<>();

  Builder(String name, Shape input) {
    this.name = name;
    this.input = input;
  }

  /** Square convolution, stride 1, no padding. */
  public Builder conv(int filters, int kernel) {
    return conv(filters, kernel, 1, 0);
  }

  /** Square convolution. */
  public Builder conv(int filters, int kernel, int stride, int padding) {
    return conv(filters, Window2d.square(kernel, stride, padding), 1, true);
  }

  public Builder conv(int filters, Window2d window, int groups, boolean bias) {
    return add(new Conv(filters, window, groups, bias));
  }

  public Builder linear(int units) {
    return add(new Linear(units, true));
  }

  public Builder relu() {
    return add(new Activation(Activation.Function.RELU));
  }

  public Builder gelu() {
    return add(new Activation(Activation.Function.GELU));
  }

  /** Windows of size × size side by side. */
  public Builder maxPool(int size) {
    return maxPool(Window2d.pool(size));
  }

  public Builder maxPool(Window2d window) {
    return add(new Pool(true, window));
  }

  /** Windows of size × size side by side. */
  public Builder avgPool(int size) {
    return avgPool(Window2d.pool(size));
  }

  public Builder avgPool(Window2d window) {
    return add(new Pool(false, window));
  }

  public Builder flatten() {
    return add(new Flatten());
  }

  public Builder batchNorm() {
    return add(new BatchNorm(BatchNorm.MOMENTUM, BatchNorm.EPSILON));
  }

  public Builder layerNorm() {
    return add(new LayerNorm(LayerNorm.EPSILON));
  }

  /** A row of {@code units} for each element of an INT32 sample. */
  public Builder embedding(int rows, int units) {
    return add(new Embedding(rows, units));
  }

  /** Multi-head self-attention over [S, C]. */
  public Builder attention(int heads, boolean causal) {
    return add(new Attention(heads, causal));
  }

  public Builder dropout(double rate) {
    return add(new Dropout(rate));
  }

  /** body(x) + x. */
  public Builder residual(Consumer<Builder> body) {
    return residual(body, shortcut -> {});
  }

  /** body(x) + shortcut(x). */
  public Builder residual(Consumer<Builder> body, Consumer<Builder> shortcut) {
    return add(new Residual(sequence(body), sequence(shortcut)));
  }

  private Sequence sequence(Consumer<Builder> content) {
    Builder inner = new Builder(name, input);
    content.accept(inner);
    return Sequence.of(inner.layers);
  }

  /** Names the layer added last. */
  public Builder as(String layerName) {
    if (layers.isEmpty()) {
      throw new IllegalStateException("[architecture] a name must follow a layer: " + layerName);
    }
    Sequence.Named last = layers.remove(layers.size() - 1);
    layers.add(new Sequence.Named(layerName, last.layer()));
    return this;
  }

  private Builder add(Layer layer) {
    layers.add(new Sequence.Named(null, layer));
    return this;
  }

  /**
   * The architecture.
   *
   * @throws IllegalArgumentException if a layer cannot take what the one before it makes
   */
  public Architecture build() {
    return new Architecture(name, "", input, Sequence.of(layers));
  }
}
