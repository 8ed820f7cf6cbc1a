package io.retort.nn;

import io.retort.graph.Graph;
import io.retort.graph.Value;
import io.retort.graph.Window2d;
import io.retort.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The maximum or the mean of windows of [C,H,W]. */
record Pool(boolean max, Window2d window) implements Layer {
  Pool {
    Range.check(max ? "maxPool" : "avgPool", window);
    if (window.padH() >= window.kernelH() || window.padW() >= window.kernelW()) {
      throw new IllegalArgumentException(
          "[" + (max ? "maxPool" : "avgPool") + "] padding must be below the kernel: " + window);
    }
  }

  @Override
  public String kind() {
    return max ? "maxPool" : "avgPool";
  }

  @Override
  public String prefix() {
    return "pool";
  }

  @Override
  public Shape output(Shape input, String at) {
    return slide(kind(), input, input.rank() == 3 ? input.dim(0) : 1, window, at);
  }

  /** [channels, H′, W′] with H′ = (H + 2·padding − kernel)/stride + 1, rounded down. */
  static Shape slide(String kind, Shape input, int channels, Window2d window, String at) {
    if (input.rank() != 3) {
      throw new IllegalArgumentException(
          "[" + kind + "] a sample must be [C, H, W]: " + input + ", at " + at);
    }
    int height = input.dim(1) + 2 * window.padH() - window.kernelH();
    int width = input.dim(2) + 2 * window.padW() - window.kernelW();
    if (height < 0 || width < 0) {
      throw new IllegalArgumentException(
          "["
              + kind
              + "] the window must fit into the input: "
              + window
              + " in "
              + input
              + ", at "
              + at);
    }
    Shape output = Shape.of(channels, height / window.strideH() + 1, width / window.strideW() + 1);
    Range.elements(kind, output, at);
    return output;
  }

  @Override
  public Value build(Graph graph, String at, Value x) {
    return max ? graph.maxPool2d(x, window) : graph.avgPool2d(x, window);
  }

  @Override
  public Object settings() {
    if (window.equals(Window2d.pool(window.kernelH()))) {
      return window.kernelH();
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    LayerJson.put(settings, "kernel", window.kernelH(), window.kernelW(), 0);
    settings.put("stride", List.of(window.strideH(), window.strideW()));
    LayerJson.put(settings, "padding", window.padH(), window.padW(), 0);
    return settings;
  }
}
