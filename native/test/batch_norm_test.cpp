#include <cmath>

#include "table.h"

namespace retort {
namespace {

constexpr float momentum = 0.1f, epsilon = 1e-5f;

const Shape shapes[] = {{2, 1},       {7, 10},       {64, 129},        {9, 300},       {600, 40},    {2, 3, 5, 7},
                        {1, 2, 3, 3}, {17, 5, 1, 1}, {33, 16, 13, 11}, {3, 2, 64, 64}, {5, 31, 4, 4}};

int64_t plane_of(const Shape& shape) { return shape.size() == 4 ? shape[2] * shape[3] : 1; }

struct Statistics {
  std::vector<double> mean, variance;
};

Statistics statistics_of(const Array& x) {
  const int64_t channels = x.shape[1], plane = plane_of(x.shape);
  const double count = static_cast<double>(x.size() / channels);
  Statistics s{std::vector<double>(static_cast<size_t>(channels)), std::vector<double>(static_cast<size_t>(channels))};
  auto channel = [&](int64_t i) { return static_cast<size_t>(i / plane % channels); };
  for (int64_t i = 0; i < x.size(); ++i) s.mean[channel(i)] += x[i] / count;
  for (int64_t i = 0; i < x.size(); ++i) s.variance[channel(i)] += std::pow(x[i] - s.mean[channel(i)], 2) / count;
  return s;
}

std::vector<double> normalise(const Array& x, const Array& gamma, const Array& beta, const Statistics& s) {
  const int64_t channels = x.shape[1], plane = plane_of(x.shape);
  std::vector<double> y(x.values.size());
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t c = i / plane % channels;
    const size_t at = static_cast<size_t>(c);
    y[static_cast<size_t>(i)] = gamma[c] * (x[i] - s.mean[at]) / std::sqrt(s.variance[at] + epsilon) + beta[c];
  }
  return y;
}

}  // namespace

TEST_CASE("batch_norm_forward_table_equalsReference") {
  for (const Shape& shape : shapes) {
    ValueRow row;
    row.name = "batch_norm_forward " + text_of(shape);
    Random random(row.name);
    const Shape channels{shape[1]};
    // A mean well above the deviation: sums of squares alone would lose it.
    row.inputs = {random.array(shape, 4, 6), random.array(channels, 0.5, 2), random.array(channels)};
    row.outputs = {random.array(channels), random.array(channels, 0.5, 2), zeros(shape), zeros(channels),
                   zeros(channels)};
    row.states = 2;
    row.call = [](Kernels& k, Views& in, Views& out) {
      k.batch_norm_forward(in[0], in[1], in[2], out[0], out[1], out[2], out[3], out[4], momentum, epsilon);
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      const Statistics s = statistics_of(in[0]);
      const double count = static_cast<double>(in[0].size() / shape[1]);
      for (int64_t c = 0; c < shape[1]; ++c) {
        const size_t at = static_cast<size_t>(c);
        out[0][c] = (1.0 - momentum) * out[0][c] + momentum * s.mean[at];
        out[1][c] = (1.0 - momentum) * out[1][c] + momentum * s.variance[at] * count / (count - 1);
        out[3][c] = s.mean[at];
        out[4][c] = 1 / std::sqrt(s.variance[at] + epsilon);
      }
      out[2].values = normalise(in[0], in[1], in[2], s);
    };
    row.tolerance = tolerance::composed;
    check(row);
  }
}

TEST_CASE("batch_norm_inference_table_equalsReference") {
  for (const Shape& shape : shapes) {
    ValueRow row;
    row.name = "batch_norm_inference " + text_of(shape);
    Random random(row.name);
    const Shape channels{shape[1]};
    row.inputs = {random.array(shape), random.array(channels, 0.5, 2), random.array(channels), random.array(channels),
                  random.array(channels, 0.5, 2)};
    row.outputs = {zeros(shape)};
    row.call = [](Kernels& k, Views& in, Views& out) {
      k.batch_norm_inference(in[0], in[1], in[2], in[3], in[4], out[0], epsilon);
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      out[0].values = normalise(in[0], in[1], in[2], {in[3].values, in[4].values});
    };
    row.tolerance = tolerance::composed;
    row.in_place = 0;
    check(row);
  }
}

TEST_CASE("batch_norm_backward_table_equalsDifferences") {
  for (const Shape& shape : shapes) {
    GradientRow row;
    row.name = "batch_norm_backward " + text_of(shape);
    Random random(row.name);
    const Shape channels{shape[1]};
    row.inputs = {random.array(shape, 1, 3), random.array(channels, 0.5, 2), random.array(channels)};
    row.y = shape;
    row.differentiated = 3;
    row.forward = [](const Arrays& in) { return normalise(in[0], in[1], in[2], statistics_of(in[0])); };
    row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
      Buffer mean(zeros(channels)), variance(zeros(channels)), y(zeros(shape)), saved(zeros(channels)),
          inverse(zeros(channels));
      k.batch_norm_forward(in[0], in[1], in[2], mean.view(), variance.view(), y.view(), saved.view(), inverse.view(),
                           momentum, epsilon);
      k.batch_norm_backward(in[0], dy, in[1], saved.view(), inverse.view(), gradients[0], gradients[1], gradients[2]);
    };
    check(row);
  }
}

TEST_CASE("batch_norm_wrongTensors_areRefused") {
  Buffer x(zeros({1, 3})), c(zeros({3})), two(zeros({2})), cube(zeros({2, 3, 4}));
  CHECK(refusal([&](Kernels& k) {
          k.batch_norm_forward(x.view(), c.view(), c.view(), c.view(), c.view(), x.view(), c.view(), c.view(), 0.1f,
                               1e-5f);
        }) == "[batch_norm_forward] each channel must have at least 2 values: [1, 3] float32");
  CHECK(refusal([&](Kernels& k) {
          k.batch_norm_inference(x.view(), c.view(), two.view(), c.view(), c.view(), x.view(), 1e-5f);
        }) == "[batch_norm_inference] beta must be [3]: [2] float32");
  CHECK(refusal([&](Kernels& k) {
          k.batch_norm_backward(cube.view(), cube.view(), c.view(), c.view(), c.view(), cube.view(), c.view(),
                                c.view());
        }) == "[batch_norm_backward] x must be [N, C] or [N, C, H, W]: [2, 3, 4] float32");
}

}  // namespace retort
