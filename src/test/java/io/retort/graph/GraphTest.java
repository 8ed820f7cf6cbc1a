package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import org.junit.jupiter.api.Test;

class GraphTest {
  private final Graph g = new Graph(Mode.TRAINING);
  private final Value x = g.input("x", Shape.of(2, 3), DType.FLOAT32);

  @Test
  void ops_equalNodes_areOne() {
    assertThat(g.relu(x)).isSameAs(g.relu(x));
    assertThat(g.add(x, g.constant(Shape.of(1), 2))).isSameAs(g.add(x, g.constant(Shape.of(1), 2)));
    assertThat(g.add(x, g.constant(Shape.of(1), 3)))
        .isNotSameAs(g.add(x, g.constant(Shape.of(1), 2)));
    assertThat(g.sum(x, 0)).isNotSameAs(g.sum(x, 1));
  }

  @Test
  void dropout_twice_drawsTwice() {
    Value seed = g.input("seed", Shape.of(2), DType.INT32);
    assertThat(g.dropout(x, 0.5f, seed)).isNotSameAs(g.dropout(x, 0.5f, seed));
  }

  @Test
  void ops_onState_areNeverMerged() {
    Value state = g.state("mean", Shape.of(2, 3), Initializers.zeros());
    assertThat(g.relu(state)).isNotSameAs(g.relu(state));
  }

  @Test
  void inputAndParameter_sameName_areTheSameValue() {
    assertThat(g.input("x", Shape.of(2, 3), DType.FLOAT32)).isSameAs(x);
    Value w = g.parameter("w", Shape.of(3), Initializers.zeros());
    assertThat(g.parameter("w", Shape.of(3), Initializers.ones())).isSameAs(w);
    assertThatThrownBy(() -> g.input("x", Shape.of(2, 3), DType.INT32))
        .hasMessage("[input] x must stay input [2, 3] FLOAT32: input [2, 3] INT32");
  }

  @Test
  void at_namedValue_isFoundAndANearNameHinted() {
    Value y = g.relu(x);
    g.name("student/conv1", y);
    g.name("student/conv1", y);
    assertThat(g.at("student/conv1")).isSameAs(y);
    assertThat(g.paths()).containsExactly("student/conv1");
    assertThatThrownBy(() -> g.at("student/conv2"))
        .hasMessage("[graph] path must be known: student/conv2; did you mean student/conv1?");
    assertThatThrownBy(() -> g.name("student/conv1", x))
        .hasMessage("[graph] a path must name one value: student/conv1");
  }

  @Test
  void output_sameNameTwice_isRefused() {
    g.output("y", x);
    assertThatThrownBy(() -> g.output("y", g.relu(x)))
        .hasMessage("[graph] an output must name one value: y");
  }

  @Test
  void parameters_byPrefix_areInOrder() {
    Value b = g.parameter("student/b", Shape.of(3), Initializers.zeros());
    Value a = g.parameter("student/a", Shape.of(3), Initializers.zeros());
    g.parameter("teacher/a", Shape.of(3), Initializers.zeros());
    g.state("student/mean", Shape.of(3), Initializers.zeros());
    assertThat(g.parameters("student/")).containsExactly(b, a);
    assertThat(g.parameters()).hasSize(3);
  }

  @Test
  void describe_graph_hasALineANode() {
    g.name("student/relu1", g.relu(x));
    assertThat(g.describe())
        .isEqualTo(
            "%0 [2, 3] = input() Input[name=x]\n"
                + "%1 [2, 3] = unary(%0) Unary[op=relu]  # student/relu1\n");
  }

  @Test
  void mode_switchedWhileBuilding_holdsFromThere() {
    Value seed = g.input("seed", Shape.of(2), DType.INT32);
    g.mode(Mode.INFERENCE);
    assertThat(g.dropout(x, 0.5f, seed)).isSameAs(x);
    g.mode(Mode.TRAINING);
    assertThat(g.dropout(x, 0.5f, seed)).isNotSameAs(x);
  }
}
