package io.retort.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.tensor.DType;
import io.retort.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LegalityTest {
  private static final Map<Function<Graph, Value>, String> REFUSED = new LinkedHashMap<>();

  static {
    REFUSED.put(
        g -> g.matmul(x(g, 2, 3), w(g, 4, 5), false, false),
        "[matmul] columns of a must be rows of b: [2, 3], [4, 5], at student/conv1");
    REFUSED.put(
        g -> g.matmul(x(g, 2, 3), w(g, 4, 5), true, true),
        "[matmul] columns of a must be rows of b: [2, 3] transposed, [4, 5] transposed, at"
            + " student/conv1");
    REFUSED.put(
        g -> g.conv2d(x(g, 8, 3, 28, 28), w(g, 16, 1, 3, 3), Window2d.square(3), 1),
        "[conv2d] channels of x must be those of w times groups: x [8, 3, 28, 28], w [16, 1, 3, 3],"
            + " groups 1, at student/conv1");
    REFUSED.put(
        g -> g.conv2d(x(g, 1, 1, 2, 9), w(g, 1, 1, 3, 3), Window2d.square(3), 1),
        "[conv2d] the kernel must fit into the padded x: [1, 1, 2, 9], kernel 3x3, stride 1x1,"
            + " padding 0x0, at student/conv1");
    REFUSED.put(
        g -> g.conv2d(x(g, 1, 3, 9, 9), w(g, 4, 1, 3, 3), Window2d.square(3), 3),
        "[conv2d] groups must divide the channels of x and of w: 3, [1, 3, 9, 9], [4, 1, 3, 3], at"
            + " student/conv1");
    REFUSED.put(
        g -> g.conv2d(x(g, 1, 1, 9, 9), w(g, 4, 1, 5, 5), Window2d.square(3), 1),
        "[conv2d] w must have the window's kernel: [4, 1, 5, 5], kernel 3x3, stride 1x1, padding"
            + " 0x0, at student/conv1");
    REFUSED.put(
        g -> g.bias(x(g, 2, 3), w(g, 4)),
        "[bias] bias must be as long as x has channels: [2, 3], [4], at student/conv1");
    REFUSED.put(
        g -> g.maxPool2d(x(g, 1, 1, 4, 4), Window2d.square(2, 2, 2)),
        "[max_pool2d] padding must be below the kernel: kernel 2x2, stride 2x2, padding 2x2, after"
            + " input");
    REFUSED.put(
        g -> g.add(x(g, 2, 3), w(g, 3)),
        "[add] shapes must agree, with 1 in a place or [1] standing for any size: [2, 3], [3], at"
            + " student/conv1");
    REFUSED.put(
        g -> g.relu(g.input("labels", Shape.of(2), DType.INT32)),
        "[relu] input 0 must be FLOAT32: INT32");
    REFUSED.put(
        g -> g.crossEntropy(x(g, 2, 3), g.input("labels", Shape.of(4), DType.INT32)),
        "[cross_entropy] there must be one label a row: [2, 3], [4], after input");
    REFUSED.put(
        g -> g.crossEntropy(x(g, 2, 3), g.scalar("labels")),
        "[cross_entropy] input 1 must be INT32: FLOAT32, after input");
    REFUSED.put(
        g -> g.softmaxKl(x(g, 2, 3), w(g, 2, 4), g.scalar("temperature")),
        "[softmax_kl] student and teacher must have one shape: [2, 3], [2, 4], at student/conv1");
    REFUSED.put(
        g -> g.softmax(x(g, 2, 3), w(g, 3)),
        "[softmax] temperature must be [1]: [3], at student/conv1");
    REFUSED.put(
        g -> g.reshape(x(g, 2, 3), Shape.of(7)),
        "[reshape] the number of elements must stay: [2, 3], [7], after input");
    REFUSED.put(
        g -> g.permute(x(g, 2, 3), 0, 0),
        "[permute] order must name each dimension of x once: [2, 3], [0, 0], after input");
    REFUSED.put(
        g -> g.slice(x(g, 2, 3), 1, 2, 2),
        "[slice] the slice must lie in x: Slice[axis=1, start=2, length=2], [2, 3], after input");
    REFUSED.put(
        g -> g.concat(0, x(g, 2, 3), w(g, 2, 4)),
        "[concat] shapes must agree but in axis 0: [2, 3], [2, 4], at student/conv1");
    REFUSED.put(g -> g.sum(x(g, 2, 3), 2), "[reduce] axis must be one of x: 2, [2, 3]");
    REFUSED.put(
        g -> {
          Value c = w(g, 3);
          return g.batchNorm(x(g, 2, 3), c, c, c, x(g, 2, 3), 0.1f, 1e-5f);
        },
        "[batch_norm] what is written must be a variable: %1 [2, 3] = input() Input[name=x], at"
            + " student/conv1");
    REFUSED.put(
        g -> g.layerNorm(x(g, 2, 3), w(g, 2), w(g, 2), 1e-5f),
        "[layer_norm] gamma and beta must be as long as a row of x: [2, 3], [2], at"
            + " student/conv1");
    REFUSED.put(
        g -> g.layerNorm(x(g, 2, 3, 4), w(g, 3), w(g, 3), 1e-5f),
        "[layer_norm] x must be [B, C]: [2, 3, 4], at student/conv1");
    REFUSED.put(
        g -> g.embedding(w(g, 5, 3), x(g, 2)),
        "[embedding] input 1 must be INT32: FLOAT32, at student/conv1");
    REFUSED.put(
        g -> g.embedding(w(g, 5), g.input("indices", Shape.of(2), DType.INT32)),
        "[embedding] table must be [V, D]: [5], at student/conv1");
    REFUSED.put(
        g -> g.attention(x(g, 2, 3, 4), w(g, 5), w(g, 5), null, 1, false),
        "[attention] q must be [B, H, S, D]: [2, 3, 4], at student/conv1");
    REFUSED.put(
        g -> g.attention(x(g, 2, 3, 4, 5), w(g, 2, 3, 6, 4), w(g, 2, 3, 6, 4), null, 1, false),
        "[attention] q and k must agree in B, H and D: [2, 3, 4, 5], [2, 3, 6, 4], at"
            + " student/conv1");
    REFUSED.put(
        g -> g.attention(x(g, 2, 3, 4, 5), w(g, 2, 3, 2, 5), w(g, 2, 3, 2, 5), null, 1, true),
        "[attention] S must not be over S' where it is causal: [2, 3, 4, 5], [2, 3, 2, 5], at"
            + " student/conv1");
    REFUSED.put(
        g -> {
          Value x = x(g, 2, 3, 4, 5);
          return g.attention(x, x, x, w(g, 2, 3), 1, false);
        },
        "[attention] mask must be [B, S']: [2, 3, 4, 5], [2, 3], at student/conv1");
    REFUSED.put(
        g -> g.dropout(x(g, 2, 3), 1, g.input("seed", Shape.of(2), DType.INT32)),
        "[dropout] rate must be in [0, 1): 1.0");
    REFUSED.put(
        g -> g.relu(x(new Graph(Mode.TRAINING), 2)),
        "[unary] every input must be of this graph: %0 [2] = input() Input[name=x]");
    REFUSED.put(g -> g.constant(Shape.of(3), 1, 2), "[constant] there must be 1 value or 3: 2");
    REFUSED.put(
        g -> g.add(w(g, 3), w(g, 4)),
        "[parameter] student/conv1/weight must stay parameter [3] FLOAT32: parameter [4] FLOAT32");
    REFUSED.put(
        g -> {
          w(g, 3);
          return g.state("student/conv1/weight", Shape.of(3), Initializers.zeros());
        },
        "[state] student/conv1/weight must stay parameter [3] FLOAT32: state [3] FLOAT32");
  }

  static Stream<Arguments> refused() {
    return REFUSED.entrySet().stream().map(e -> Arguments.of(e.getValue(), e.getKey()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void types_ofAnIllegalNode_saysWhatMustHoldAndWhatCame(
      String message, Function<Graph, Value> build) {
    assertThatThrownBy(() -> build.apply(new Graph(Mode.TRAINING)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  private static Value x(Graph g, int... dims) {
    Value x = g.input("x", Shape.of(dims), DType.FLOAT32);
    g.name("input", x);
    return x;
  }

  private static Value w(Graph g, int... dims) {
    return g.parameter("student/conv1/weight", Shape.of(dims), Initializers.zeros());
  }

  @Test
  void sgd_ofWhatIsNoParameter_isRefused() {
    Graph g = new Graph(Mode.TRAINING);
    Value x = x(g, 1);
    assertThatThrownBy(() -> g.sgd(x, x, x, null, SgdSettings.plain()))
        .hasMessageContaining("[sgd] what is written must be a variable");
    assertThatThrownBy(() -> g.adam(x, x, x, x, null, AdamSettings.standard()))
        .hasMessageContaining("[optimizer] what is trained must be a parameter");
  }

  @Test
  void sgd_twiceForOneParameter_isRefused() {
    Graph g = new Graph(Mode.TRAINING);
    Value w = w(g, 1);
    g.sgd(w, x(g, 1), g.scalar("rate"), null, SgdSettings.plain());
    assertThatThrownBy(() -> g.sgd(w, x(g, 1), g.scalar("rate"), null, SgdSettings.plain()))
        .hasMessageContaining("[sgd] a parameter must be updated once in a run")
        .hasMessageContaining("student/conv1/weight");
  }

  @Test
  void adam_gradientOfOtherShape_isRefused() {
    Graph g = new Graph(Mode.TRAINING);
    Value one = g.scalar("one");
    assertThatThrownBy(() -> g.adam(w(g, 3), x(g, 2), one, one, null, AdamSettings.standard()))
        .hasMessageContaining("[adam] input 4 must be [2]: [3]");
  }

  @Test
  void settings_outOfRange_areRefused() {
    assertThatThrownBy(() -> SgdSettings.momentum(1)).hasMessageContaining("[sgd]");
    assertThatThrownBy(() -> new SgdSettings(0, 0, true)).hasMessageContaining("nesterov true");
    assertThatThrownBy(() -> AdamSettings.decoupled(Float.NaN)).hasMessageContaining("[adam]");
    assertThatThrownBy(() -> Window2d.square(0)).hasMessageContaining("kernel 0x0");
  }

  @Test
  void conv2d_legalNode_hasTheShapeOfTheWindow() {
    Graph g = new Graph(Mode.TRAINING);
    Value y = g.conv2d(x(g, 2, 3, 9, 8), w(g, 4, 3, 3, 3), Window2d.square(3, 2, 1), 1);
    assertThat(y.shape()).isEqualTo(Shape.of(2, 4, 5, 4));
  }
}
