package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.graph.Graph;
import io.retort.graph.Mode;
import io.retort.graph.Value;
import io.retort.graph.Window2d;
import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitectureTest {
  static List<String> builtIn() {
    return Architecture.BUILT_IN;
  }

  private static Graph build(Architecture architecture, Mode mode, int batch) {
    Graph graph = new Graph(mode);
    Value x = graph.input("x", architecture.input().batched(batch), DType.FLOAT32);
    graph.output("y", architecture.build(graph, "net", x));
    return graph;
  }

  @ParameterizedTest
  @CsvSource({
    "teacher, 9490442, 20282752",
    "student, 173930, 271040",
    "lenet5, 61706, 416520",
    "lenet5-half, 15738, 133740",
    "lenet5-half-zskd, 35820, 153720",
    "hinton-teacher, 2395210, 2392800",
    "hinton-student, 1276810, 1275200",
  })
  void named_builtIn_hasThePublishedSize(String name, long parameters, long multiplyAdds) {
    Architecture architecture = Architecture.named(name);
    assertThat(architecture.name()).isEqualTo(name);
    assertThat(architecture.input()).isEqualTo(Shape.of(1, 28, 28));
    assertThat(architecture.classes()).isEqualTo(10);
    assertThat(architecture.parameters()).isEqualTo(parameters);
    assertThat(architecture.multiplyAdds()).isEqualTo(multiplyAdds);
  }

  @ParameterizedTest
  @MethodSource("builtIn")
  void build_builtIn_makesExactlyItsVariables(String name) {
    Architecture architecture = Architecture.named(name);
    Graph graph = build(architecture, Mode.TRAINING, 3);
    long count = graph.parameters("net/").stream().mapToLong(v -> v.shape().size()).sum();
    assertThat(count).isEqualTo(architecture.parameters());
    assertThat(graph.at("net/" + last(architecture)).shape()).isEqualTo(Shape.of(3, 10));
  }

  private static String last(Architecture architecture) {
    String path = architecture.variables().keySet().stream().reduce((a, b) -> b).orElseThrow();
    return path.substring(0, path.lastIndexOf('/'));
  }

  @ParameterizedTest
  @MethodSource("builtIn")
  void toMap_builtIn_readsBackEqual(String name) {
    Architecture architecture = Architecture.named(name);
    String json = Json.write(architecture.toMap());
    Architecture again = Architecture.parse(Fields.parse("again", json));
    assertThat(again).isEqualTo(architecture).hasSameHashCodeAs(architecture);
    assertThat(again.about()).isEqualTo(architecture.about());
    assertThat(Json.write(again.toMap())).isEqualTo(json);
  }

  @Test
  void named_unknown_hintsAtTheNearest() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Architecture.named("lenet"))
        .withMessageContaining("lenet5");
  }

  @Test
  void of_student_equalsTheBuiltIn() {
    Architecture built =
        Architecture.of("student", 1, 28, 28)
            .conv(16, 3)
            .relu()
            .maxPool(2)
            .flatten()
            .linear(64)
            .relu()
            .linear(10)
            .build();
    assertThat(built).isEqualTo(Architecture.named("student"));
    assertThat(built.variables())
        .containsExactly(
            Map.entry("conv1/weight", Shape.of(16, 1, 3, 3)),
            Map.entry("conv1/bias", Shape.of(16)),
            Map.entry("linear1/weight", Shape.of(64, 2704)),
            Map.entry("linear1/bias", Shape.of(64)),
            Map.entry("linear2/weight", Shape.of(10, 64)),
            Map.entry("linear2/bias", Shape.of(10)));
  }

  @Test
  void build_layers_areNamedByPath() {
    Graph graph = build(Architecture.named("student"), Mode.TRAINING, 5);
    assertThat(graph.paths())
        .containsExactlyInAnyOrder(
            "net/conv1",
            "net/relu1",
            "net/pool1",
            "net/flatten1",
            "net/linear1",
            "net/relu2",
            "net/linear2");
    assertThat(graph.at("net/pool1").shape()).isEqualTo(Shape.of(5, 16, 13, 13));
  }

  @Test
  void build_sameScopeTwice_sharesTheWeights() {
    Architecture student = Architecture.named("student");
    Graph graph = build(student, Mode.TRAINING, 2);
    Value other = graph.input("other", Shape.of(7, 1, 28, 28), DType.FLOAT32);
    assertThat(student.build(graph, "net", other).shape()).isEqualTo(Shape.of(7, 10));
    assertThat(graph.parameters()).hasSize(6);
    assertThat(graph.at("net/linear2").shape()).isEqualTo(Shape.of(2, 10));
  }

  @Test
  void build_twoScopes_areTwoModels() {
    Graph graph = build(Architecture.named("student"), Mode.TRAINING, 2);
    Value x = graph.input("x", Shape.of(2, 1, 28, 28), DType.FLOAT32);
    Architecture.named("student").build(graph, "peer", x);
    assertThat(graph.parameters("net/")).hasSize(6);
    assertThat(graph.parameters("peer/")).hasSize(6);
  }

  @Test
  void build_wrongInput_namesBothShapes() {
    Graph graph = new Graph(Mode.INFERENCE);
    Value x = graph.input("x", Shape.of(2, 784), DType.FLOAT32);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Architecture.named("student").build(graph, "net", x))
        .withMessageContaining("[1, 28, 28]")
        .withMessageContaining("[2, 784]")
        .withMessageContaining("net");
  }

  @Test
  void build_dropout_isThereInTrainingOnly() {
    Architecture hinton = Architecture.named("hinton-teacher");
    assertThat(build(hinton, Mode.TRAINING, 2).describe()).contains(Architecture.DROPOUT_SEED);
    assertThat(build(hinton, Mode.INFERENCE, 2).describe())
        .doesNotContain(Architecture.DROPOUT_SEED);
  }

  @Test
  void mlp_widths_areItsLayers() {
    Architecture mlp = Architecture.mlp(Shape.of(1, 28, 28), 30, 20, 10);
    assertThat(mlp.name()).isEqualTo("mlp-784-30-20-10");
    assertThat(mlp.parameters()).isEqualTo(785 * 30 + 31 * 20 + 21 * 10);
    assertThat(mlp.multiplyAdds()).isEqualTo(784 * 30 + 30 * 20 + 20 * 10);
    assertThat(Architecture.mlp(Shape.of(784), 10).variables())
        .containsOnlyKeys("linear1/weight", "linear1/bias");
    assertThat(mlp).isEqualTo(Architecture.parse(Fields.of("mlp", mlp.toMap())));
  }

  @Test
  void residual_block_addsItsInputAndCountsItsLayers() {
    Architecture net =
        Architecture.of("resnet", 8, 9, 9)
            .residual(b -> b.conv(8, 3, 1, 1).batchNorm().relu().conv(8, 3, 1, 1).batchNorm())
            .relu()
            .residual(b -> b.conv(16, 3, 2, 1).batchNorm(), s -> s.conv(16, 1, 2, 0).as("widen"))
            .as("down")
            .avgPool(5)
            .flatten()
            .linear(10)
            .build();
    assertThat(net.output()).isEqualTo(Shape.of(10));
    long first = 2 * (8 * 8 * 9 + 8 + 16);
    long second = 16 * 8 * 9 + 16 + 32 + 16 * 8 + 16;
    assertThat(net.parameters()).isEqualTo(first + second + 170);
    assertThat(net.variables())
        .containsKeys(
            "block1/conv2/weight", "block1/norm1/runningMean", "down/shortcut/widen/weight");
    Graph graph = build(net, Mode.TRAINING, 4);
    assertThat(graph.paths())
        .contains("net/block1", "net/block1/conv2", "net/down", "net/down/shortcut/widen");
    assertThat(graph.at("net/down").shape()).isEqualTo(Shape.of(4, 16, 5, 5));
    assertThat(Architecture.parse(Fields.parse("again", Json.write(net.toMap())))).isEqualTo(net);
  }

  @Test
  void attention_inABlock_countsItsProjectionsAndItsScores() {
    Architecture net =
        Architecture.of("tokens", 5)
            .embedding(11, 8)
            .residual(b -> b.layerNorm().attention(2, true))
            .flatten()
            .linear(3)
            .build();
    assertThat(net.variables())
        .containsEntry("embedding1/weight", Shape.of(11, 8))
        .containsEntry("block1/norm1/weight", Shape.of(8))
        .containsEntry("block1/attention1/inWeight", Shape.of(24, 8))
        .containsEntry("block1/attention1/inBias", Shape.of(24))
        .containsEntry("block1/attention1/outWeight", Shape.of(8, 8))
        .containsEntry("block1/attention1/outBias", Shape.of(8));
    assertThat(net.parameters()).isEqualTo(88 + 16 + 24 * 9 + 8 * 9 + 41 * 3);
    assertThat(net.multiplyAdds()).isEqualTo(5 * 8 * 24 + 5 * 8 * 8 + 2 * 5 * 5 * 8 + 40 * 3);
    Graph graph = new Graph(Mode.TRAINING);
    Value x = graph.input("x", Shape.of(4, 5), DType.INT32);
    assertThat(net.build(graph, "net", x).shape()).isEqualTo(Shape.of(4, 3));
    assertThat(Architecture.parse(Fields.parse("again", Json.write(net.toMap())))).isEqualTo(net);
  }

  @Test
  void attention_headsDoNotDivide_namesBoth() {
    Builder builder = Architecture.of("net", 5, 8).attention(3, false);
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("[attention] heads must divide C: 3 heads of [5, 8], at net/attention1");
  }

  @Test
  void residual_shapesDiffer_namesBothAndThePath() {
    Builder builder = Architecture.of("net", 8, 9, 9).residual(b -> b.conv(16, 3, 1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage(
            "[residual] body and shortcut must have one shape: [16, 9, 9] and [8, 9, 9], at"
                + " net/block1");
  }

  @Test
  void layers_thatDoNotFit_areNamedByPath() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Architecture.of("net", 1, 4, 4).conv(2, 3).conv(2, 3).build())
        .withMessageContaining("kernel 3x3")
        .withMessageContaining("[2, 2, 2]")
        .withMessageContaining("net/conv2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Architecture.of("net", 1, 4, 4).linear(2).build())
        .withMessageContaining("flatten")
        .withMessageContaining("net/linear1");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Architecture.of("net", 3, 4, 4).conv(4, Window2d.square(1), 2, true).build())
        .withMessageContaining("3 channels in 2 groups");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Architecture.of("net", 4, 4).maxPool(2).build())
        .withMessageContaining("[C, H, W]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Architecture.of("net", 1, 4, 4).flatten().linear(1 << 20).linear(1 << 20).build())
        .withMessageContaining("2^31");
  }

  @Test
  void names_twiceOrIllegal_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Architecture.of("net", 4).linear(2).relu().as("linear1").build())
        .withMessageContaining("linear1 stands twice");
    for (String name : List.of("", "a/b", "..", "shortcut", "a b")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Architecture.of("net", 4).linear(2).as(name).build());
    }
    for (String name : List.of("", "../x", "Net", "a/b", ".x")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Architecture.of(name, 4).linear(2).build());
    }
  }

  @Test
  void build_noLayers_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Architecture.of("net", 4).build());
  }

  @Test
  void classes_outputNotFlat_isRefused() {
    Architecture conv = Architecture.of("net", 1, 4, 4).conv(2, 3).build();
    assertThatThrownBy(conv::classes)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("[2, 2, 2]");
  }
}
