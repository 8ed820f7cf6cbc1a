#include "table.h"

namespace retort {
namespace {

const Shape shapes[] = {{1, 1},       {1, 10},      {64, 10},      {7, 129},       {3, 300},
                        {1, 1, 1, 1}, {2, 3, 5, 7}, {1, 16, 1, 1}, {5, 17, 1, 13}, {64, 16, 11, 11},
                        {257, 130},   {40, 12},     {2, 3, 4, 4},  {2, 5, 40, 30}, {600, 128}};

int64_t channel_of(const Shape& shape, int64_t i) {
  const int64_t plane = shape.size() == 4 ? shape[2] * shape[3] : 1;
  return i / plane % shape[1];
}

}  // namespace

TEST_CASE("bias_forward_table_equalsReference") {
  for (const Shape& shape : shapes) {
    ValueRow row;
    row.name = "bias_forward " + text_of(shape);
    Random random(row.name);
    row.inputs = {random.array(shape), random.array({shape[1]})};
    row.outputs = {zeros(shape)};
    row.call = [](Kernels& k, Views& in, Views& out) { k.bias_forward(in[0], in[1], out[0]); };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for (int64_t i = 0; i < in[0].size(); ++i) out[0][i] = in[0][i] + in[1][channel_of(shape, i)];
    };
    row.tolerance = tolerance::elementwise;
    row.in_place = 0;
    check(row);
  }
}

TEST_CASE("bias_backward_table_equalsReference") {
  for (const Shape& shape : shapes) {
    ValueRow row;
    row.name = "bias_backward " + text_of(shape);
    row.inputs = {Random(row.name).array(shape)};
    row.outputs = {zeros({shape[1]})};
    row.call = [](Kernels& k, Views& in, Views& out) { k.bias_backward(in[0], out[0]); };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for (int64_t i = 0; i < in[0].size(); ++i) out[0][channel_of(shape, i)] += in[0][i];
    };
    row.tolerance = tolerance::sum(size_of(shape) / shape[1]);
    check(row);
  }
}

TEST_CASE("bias_wrongShapes_areRefused") {
  Buffer x(zeros({2, 3})), bias(zeros({2})), cube(zeros({2, 3, 4})), right(zeros({3}));
  CHECK(refusal([&](Kernels& k) { k.bias_forward(x.view(), bias.view(), x.view()); }) ==
        "[bias_forward] bias must be [3]: [2] float32");
  CHECK(refusal([&](Kernels& k) { k.bias_forward(cube.view(), right.view(), cube.view()); }) ==
        "[bias_forward] x must be [N, C] or [N, C, H, W]: [2, 3, 4] float32");
  CHECK(refusal([&](Kernels& k) { k.bias_backward(x.view(), bias.view()); }) ==
        "[bias_backward] dbias must be [3]: [2] float32");
}

}  // namespace retort
