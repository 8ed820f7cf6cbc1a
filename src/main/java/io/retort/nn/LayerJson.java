package io.retort.nn;

import io.retort.graph.Window2d;
import io.retort.json.Fields;
import io.retort.json.JsonException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Layers as JSON: a list whose elements are a word ({@code "relu"}) or an object of the word with
 * its settings, and a name where the default does not do: {@code {"conv": {"filters": 16, "kernel":
 * 3}, "name": "hint"}}.
 */
final class LayerJson {
  private static final Map<String, BiFunction<Fields, String, Layer>> KINDS = kinds();

  private LayerJson() {}

  private static Map<String, BiFunction<Fields, String, Layer>> kinds() {
    Map<String, BiFunction<Fields, String, Layer>> kinds = new LinkedHashMap<>();
    kinds.put("conv", LayerJson::conv);
    kinds.put("linear", LayerJson::linear);
    for (Activation.Function function : Activation.Function.values()) {
      Layer layer = new Activation(function);
      kinds.put(
          function.name().toLowerCase(Locale.ROOT), (entry, kind) -> plain(entry, kind, layer));
    }
    kinds.put("maxPool", (entry, kind) -> pool(entry, kind, true));
    kinds.put("avgPool", (entry, kind) -> pool(entry, kind, false));
    kinds.put("flatten", (entry, kind) -> plain(entry, kind, new Flatten()));
    kinds.put("batchNorm", LayerJson::batchNorm);
    kinds.put("layerNorm", LayerJson::layerNorm);
    kinds.put("embedding", LayerJson::embedding);
    kinds.put("attention", LayerJson::attention);
    kinds.put("dropout", LayerJson::dropout);
    kinds.put("residual", LayerJson::residual);
    return kinds;
  }

  /** The layers of the list under key. */
  static Sequence sequence(Fields owner, String key) {
    Object list = owner.has(key) ? owner.raw(key) : List.of();
    if (!(list instanceof List<?> elements)) {
      throw owner.wrong(key, "a list of layers");
    }
    List<Sequence.Named> layers = new ArrayList<>();
    for (Object element : elements) {
      layers.add(layer(owner.path() + "." + key + "[" + layers.size() + "]", element));
    }
    return located(owner.path() + "." + key, () -> Sequence.of(layers));
  }

  private static Sequence.Named layer(String path, Object element) {
    Fields entry = entry(path, element);
    List<String> found = KINDS.keySet().stream().filter(entry::has).toList();
    String name = entry.text("name", null);
    entry.end();
    if (found.size() != 1) {
      throw new JsonException(
          path
              + " must be one of "
              + String.join(", ", KINDS.keySet())
              + ": "
              + (found.isEmpty() ? "none" : String.join(" and ", found)));
    }
    String kind = found.get(0);
    return new Sequence.Named(name, located(path, () -> KINDS.get(kind).apply(entry, kind)));
  }

  @SuppressWarnings("unchecked")
  private static Fields entry(String path, Object element) {
    if (element instanceof String word) {
      return Fields.of(path, Map.of(word, Map.of()));
    }
    if (element instanceof Map<?, ?> map) {
      return Fields.of(path, (Map<String, Object>) map);
    }
    throw new JsonException(path + " must be a layer's word or an object: " + element);
  }

  /** Puts the place before the message of a layer that refuses its settings. */
  private static <T> T located(String path, Supplier<T> action) {
    try {
      return action.get();
    } catch (JsonException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new JsonException(path + ": " + e.getMessage());
    }
  }

  /** The settings under kind: an object, or one number that stands for the field {@code single}. */
  private static Fields settings(Fields entry, String kind, String single) {
    if (single != null && entry.raw(kind) instanceof Number number) {
      return Fields.of(entry.path() + "." + kind, Map.of(single, number));
    }
    return entry.object(kind);
  }

  private static Layer plain(Fields entry, String kind, Layer layer) {
    settings(entry, kind, null).end();
    return layer;
  }

  private static Layer conv(Fields entry, String kind) {
    Fields f = settings(entry, kind, null);
    int[] kernel = pair(f, "kernel", null);
    Window2d window = window(kernel, pair(f, "stride", new int[] {1, 1}), f);
    Layer conv =
        new Conv(f.integer("filters"), window, f.integer("groups", 1), f.flag("bias", true));
    f.end();
    return conv;
  }

  private static Layer pool(Fields entry, String kind, boolean max) {
    Fields f = settings(entry, kind, "kernel");
    int[] kernel = pair(f, "kernel", null);
    Layer pool = new Pool(max, window(kernel, pair(f, "stride", kernel), f));
    f.end();
    return pool;
  }

  private static Window2d window(int[] kernel, int[] stride, Fields f) {
    int[] padding = pair(f, "padding", new int[] {0, 0});
    return new Window2d(kernel[0], kernel[1], stride[0], stride[1], padding[0], padding[1]);
  }

  /** A size that is the same in height and width, or [height, width]. */
  private static int[] pair(Fields f, String key, int[] otherwise) {
    if (otherwise != null && !f.has(key)) {
      return otherwise;
    }
    if (f.raw(key) instanceof List<?> list) {
      if (list.size() == 2
          && list.get(0) instanceof Integer height
          && list.get(1) instanceof Integer width) {
        return new int[] {height, width};
      }
      throw f.wrong(key, "a whole number or [height, width]");
    }
    return new int[] {f.integer(key), f.integer(key)};
  }

  private static Layer linear(Fields entry, String kind) {
    Fields f = settings(entry, kind, "units");
    Layer linear = new Linear(f.integer("units"), f.flag("bias", true));
    f.end();
    return linear;
  }

  private static Layer batchNorm(Fields entry, String kind) {
    Fields f = settings(entry, kind, null);
    Layer norm =
        new BatchNorm(
            f.number("momentum", BatchNorm.MOMENTUM), f.number("epsilon", BatchNorm.EPSILON));
    f.end();
    return norm;
  }

  private static Layer layerNorm(Fields entry, String kind) {
    Fields f = settings(entry, kind, null);
    Layer norm = new LayerNorm(f.number("epsilon", LayerNorm.EPSILON));
    f.end();
    return norm;
  }

  private static Layer embedding(Fields entry, String kind) {
    Fields f = settings(entry, kind, null);
    Layer embedding = new Embedding(f.integer("rows"), f.integer("units"));
    f.end();
    return embedding;
  }

  private static Layer attention(Fields entry, String kind) {
    Fields f = settings(entry, kind, "heads");
    Layer attention = new Attention(f.integer("heads"), f.flag("causal", false));
    f.end();
    return attention;
  }

  private static Layer dropout(Fields entry, String kind) {
    Fields f = settings(entry, kind, "rate");
    Layer dropout = new Dropout(f.number("rate"));
    f.end();
    return dropout;
  }

  private static Layer residual(Fields entry, String kind) {
    if (entry.raw(kind) instanceof List<?>) {
      return new Residual(sequence(entry, kind), Sequence.of(List.of()));
    }
    Fields f = settings(entry, kind, null);
    Layer residual = new Residual(sequence(f, "layers"), sequence(f, "shortcut"));
    f.end();
    return residual;
  }

  /**
   * Writes a pair as one number where both are equal, and not at all where both are as by default.
   */
  static void put(Map<String, Object> settings, String key, int height, int width, int usual) {
    if (height != usual || width != usual) {
      settings.put(key, height == width ? height : List.of(height, width));
    }
  }
}
