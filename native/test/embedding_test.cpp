#include <cmath>

#include "table.h"

namespace retort {
namespace {

struct Case {
  Shape indices;
  int64_t rows, depth;
};

// Rows around a warp's and a block's share, columns around a tile, depths with and without 16 bytes at once, indices
// beyond one round of a warp, and one row that takes nearly all of them.
const Case cases[] = {{{1}, 1, 1},     {{5}, 3, 7},      {{2, 3}, 9, 4},          {{4, 8}, 65, 32}, {{3, 70}, 100, 64},
                      {{300}, 17, 65}, {{40}, 200, 132}, {{2, 2, 3, 1, 2}, 8, 5}, {{700}, 2, 3}};

std::string name_of(const char* op, const Case& c) {
  return op + (" " + text_of(c.indices)) + " of " + text_of({c.rows, c.depth});
}

Array indices_of(Random& random, const Case& c) {
  Array indices = random.labels(size_of(c.indices), c.rows);
  indices.shape = c.indices;
  return indices;
}

Shape looked_up(const Case& c) {
  Shape shape = c.indices;
  shape.push_back(c.depth);
  return shape;
}

}  // namespace

TEST_CASE("embedding_forward_table_equalsReference") {
  for (const Case& c : cases) {
    ValueRow row;
    row.name = name_of("embedding_forward", c);
    Random random(row.name);
    row.inputs = {random.array({c.rows, c.depth}), indices_of(random, c)};
    row.outputs = {zeros(looked_up(c))};
    row.call = [](Kernels& k, Views& in, Views& out) { k.embedding_forward(in[0], in[1], out[0]); };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for (int64_t i = 0; i < out[0].size(); ++i) {
        out[0][i] = in[0][static_cast<int64_t>(in[1][i / c.depth]) * c.depth + i % c.depth];
      }
    };
    row.tolerance = tolerance::exact;
    check(row);
  }
}

TEST_CASE("embedding_backward_table_equalsReference") {
  for (const Case& c : cases) {
    ValueRow row;
    row.name = name_of("embedding_backward", c);
    Random random(row.name);
    row.inputs = {random.array(looked_up(c)), indices_of(random, c)};
    row.outputs = {zeros({c.rows, c.depth})};
    row.call = [](Kernels& k, Views& in, Views& out) { k.embedding_backward(in[0], in[1], out[0]); };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for (int64_t i = 0; i < in[0].size(); ++i) {
        out[0][static_cast<int64_t>(in[1][i / c.depth]) * c.depth + i % c.depth] += in[0][i];
      }
    };
    row.tolerance = tolerance::sum(size_of(c.indices));
    check(row);
  }
}

TEST_CASE("embedding_backward_sums_areInTheOrderOfTheirPlaces") {
  // 2^24 + 1 − 2^24 is 0 in floats in this order, and 1 in others.
  Buffer dy(array_of({4, 1}, {16777216, 1, 5, -16777216})), indices(array_of({4}, {1, 1, 0, 1}, DType::int32)),
      dtable(zeros({2, 1}));
  kernels(2).embedding_backward(dy.view(), indices.view(), dtable.view());
  kernels(2).synchronize();
  CHECK(dtable.get(0) == 5);
  CHECK(dtable.get(1) == 0);
}

TEST_CASE("embedding_indexOutside_namesItsPlace") {
  Buffer table(zeros({10, 3})), y(zeros({2, 2, 3}));
  auto forward = [&](double index) {
    Buffer indices(array_of({2, 2}, {0, 9, 1, index}, DType::int32));
    return refusal([&](Kernels& k) { k.embedding_forward(table.view(), indices.view(), y.view()); });
  };
  CHECK(forward(9) == "");
  CHECK(forward(10) == "[embedding_forward] indices must be in [0, 10): 10 at place 3");
  CHECK(forward(-1) == "[embedding_forward] indices must be in [0, 10): -1 at place 3");
  Buffer indices(array_of({2, 2}, {0, 12, 1, 2}, DType::int32));
  CHECK(refusal([&](Kernels& k) { k.embedding_backward(y.view(), indices.view(), table.view()); }) ==
        "[embedding_backward] indices must be in [0, 10): 12 at place 1");
}

TEST_CASE("embedding_wrongTensors_areRefused") {
  Buffer table(zeros({10, 3})), y(zeros({2, 3})), wide(zeros({2, 4})), indices(zeros({2}, DType::int32)),
      real(zeros({2}));
  auto forward = [&](Buffer& t, Buffer& i, Buffer& out) {
    return refusal([&](Kernels& k) { k.embedding_forward(t.view(), i.view(), out.view()); });
  };
  CHECK(forward(table, real, y) == "[embedding_forward] indices must be int32: [2] float32");
  CHECK(forward(real, indices, y) == "[embedding_forward] table must be [V, D]: [2] float32");
  CHECK(forward(table, indices, wide) ==
        "[embedding_forward] y must have the shape of indices and then D = 3: [2, 4] float32 for [2] int32");
  CHECK(refusal([&](Kernels& k) { k.embedding_backward(wide.view(), indices.view(), table.view()); }) ==
        "[embedding_backward] dy must have the shape of indices and then D = 3: [2, 4] float32 for [2] int32");
}

}  // namespace retort
