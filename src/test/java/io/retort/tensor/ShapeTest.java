package io.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void of_dimensions_keepsThem() {
    Shape shape = Shape.of(64, 1, 28, 28);
    assertThat(shape.rank()).isEqualTo(4);
    assertThat(shape.size()).isEqualTo(50_176);
    assertThat(shape).hasToString("[64, 1, 28, 28]").isEqualTo(Shape.of(1, 28, 28).batched(64));
    assertThat(shape.with(0, 2)).isEqualTo(Shape.of(2, 1, 28, 28));
  }

  @Test
  void size_beyondIntegers_isExact() {
    assertThat(Shape.of(100_000, 100_000).size()).isEqualTo(10_000_000_000L);
  }

  @Test
  void of_badDimensions_areRefused() {
    assertThatThrownBy(() -> Shape.of(3, 0)).hasMessageContaining("at least 1: [3, 0]");
    assertThatThrownBy(Shape::of).hasMessageContaining("1 to 6 dimensions: []");
    assertThatThrownBy(() -> Shape.of(1, 1, 1, 1, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void dims_changedByCaller_leavesTheShape() {
    Shape shape = Shape.of(2, 3);
    shape.dims()[0] = 9;
    assertThat(shape.dim(0)).isEqualTo(2);
  }
}
