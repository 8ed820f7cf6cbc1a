package io.retort.oip;

import io.retort.bus.LiveModel;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model takes and gives.
 *
 * @param versions those that a request may name
 */
public record ModelMetadata(
    String name,
    List<String> versions,
    String platform,
    List<TensorMetadata> inputs,
    List<TensorMetadata> outputs) {
  private static final int ANY = -1;

  /** Of a model that answers, by the shapes of its live version. */
  public static ModelMetadata of(LiveModel model) {
    List<Integer> sample = new ArrayList<>(List.of(ANY));
    sample.addAll(model.sample());
    List<TensorMetadata> outputs = new ArrayList<>();
    for (Output each : Output.values()) {
      List<Integer> shape = new ArrayList<>();
      for (int size : each.shape(ANY, model.classes())) {
        shape.add(size);
      }
      outputs.add(new TensorMetadata(each.tensor(), each.datatype(), shape));
    }
    return new ModelMetadata(
        model.model(),
        model.traffic().loaded(),
        ServerMetadata.NAME,
        List.of(new TensorMetadata(InputTensor.NAME, Datatype.FP32.name(), sample)),
        outputs);
  }
}
