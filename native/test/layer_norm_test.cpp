#include <cmath>

#include "table.h"

namespace retort {
namespace {

constexpr float epsilon = 1e-5f;

const Shape shapes[] = {{1, 1},   {3, 5},    {7, 10},   {64, 129}, {5, 300},
                        {4, 768}, {3, 1024}, {2, 1027}, {9, 2048}, {1, 9001}};

struct Statistics {
  std::vector<double> mean, inv_std;
};

Statistics statistics_of(const Array& x) {
  const int64_t rows = x.shape[0], columns = x.shape[1];
  const double count = static_cast<double>(columns);
  Statistics s;
  for (int64_t r = 0; r < rows; ++r) {
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < columns; ++c) mean += x[r * columns + c] / count;
    for (int64_t c = 0; c < columns; ++c) variance += std::pow(x[r * columns + c] - mean, 2) / count;
    s.mean.push_back(mean);
    s.inv_std.push_back(1 / std::sqrt(variance + static_cast<double>(epsilon)));
  }
  return s;
}

std::vector<double> normalise(const Array& x, const Array& gamma, const Array& beta) {
  const int64_t columns = x.shape[1];
  const Statistics s = statistics_of(x);
  std::vector<double> y(x.values.size());
  for (int64_t i = 0; i < x.size(); ++i) {
    const size_t r = static_cast<size_t>(i / columns);
    y[static_cast<size_t>(i)] = gamma[i % columns] * (x[i] - s.mean[r]) * s.inv_std[r] + beta[i % columns];
  }
  return y;
}

}  // namespace

TEST_CASE("layer_norm_forward_table_equalsReference") {
  for (const Shape& shape : shapes) {
    ValueRow row;
    row.name = "layer_norm_forward " + text_of(shape);
    Random random(row.name);
    const Shape rows{shape[0]}, columns{shape[1]};
    // A mean well above the deviation: sums of squares alone would lose it.
    row.inputs = {random.array(shape, 4, 6), random.array(columns, 0.5, 2), random.array(columns)};
    row.outputs = {zeros(shape), zeros(rows), zeros(rows)};
    row.call = [](Kernels& k, Views& in, Views& out) {
      k.layer_norm_forward(in[0], in[1], in[2], out[0], out[1], out[2], epsilon);
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      const Statistics s = statistics_of(in[0]);
      out[0].values = normalise(in[0], in[1], in[2]);
      out[1].values = s.mean;
      out[2].values = s.inv_std;
    };
    row.tolerance = tolerance::composed;
    check(row);
  }
}

TEST_CASE("layer_norm_backward_table_equalsDifferences") {
  for (const Shape& shape : shapes) {
    GradientRow row;
    row.name = "layer_norm_backward " + text_of(shape);
    Random random(row.name);
    const Shape rows{shape[0]}, columns{shape[1]};
    row.inputs = {random.array(shape, 1, 3), random.array(columns, 0.5, 2), random.array(columns)};
    row.y = shape;
    row.differentiated = 3;
    row.forward = [](const Arrays& in) { return normalise(in[0], in[1], in[2]); };
    row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
      Buffer y(zeros(shape)), mean(zeros(rows)), inv_std(zeros(rows));
      k.layer_norm_forward(in[0], in[1], in[2], y.view(), mean.view(), inv_std.view(), epsilon);
      k.layer_norm_backward(in[0], dy, in[1], mean.view(), inv_std.view(), gradients[0], gradients[1], gradients[2]);
    };
    check(row);
  }
}

TEST_CASE("layer_norm_backward_manyRows_addsThemAllUp") {
  for (const Shape& shape : {Shape{1500, 12}, Shape{40, 1100}, Shape{34, 8200}}) {
    ValueRow row;
    row.name = "layer_norm_backward of many rows " + text_of(shape);
    Random random(row.name);
    const int64_t columns = shape[1];
    const Array x = random.array(shape, 1, 3);
    const Statistics s = statistics_of(x);
    row.inputs = {x, random.array(shape), random.array({columns}, 0.5, 2), array_of({shape[0]}, s.mean),
                  array_of({shape[0]}, s.inv_std)};
    row.outputs = {zeros({columns}), zeros({columns})};
    row.call = [&](Kernels& k, Views& in, Views& out) {
      Buffer dx(zeros(shape));
      k.layer_norm_backward(in[0], in[1], in[2], in[3], in[4], dx.view(), out[0], out[1]);
      CHECK(dx.guards_intact());
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for (int64_t i = 0; i < in[0].size(); ++i) {
        out[0][i % columns] += in[1][i] * (in[0][i] - in[3][i / columns]) * in[4][i / columns];
        out[1][i % columns] += in[1][i];
      }
    };
    row.tolerance = tolerance::sum(shape[0]);
    check(row);
  }
}

TEST_CASE("layer_norm_nan_staysInItsRow") {
  const int64_t columns = 100;
  Array x = Random("nan").array({5, columns});
  x[2 * columns + 3] = std::nan("");
  Buffer in(x), gamma(Random("gamma").array({columns}, 0.5, 2)), beta(zeros({columns})), y(zeros(x.shape)),
      mean(zeros({5})), inv_std(zeros({5}));
  kernels(1).layer_norm_forward(in.view(), gamma.view(), beta.view(), y.view(), mean.view(), inv_std.view(), epsilon);
  kernels(1).synchronize();
  for (int64_t i = 0; i < x.size(); ++i) CHECK(std::isnan(y.get(i)) == (i / columns == 2));
  for (int64_t r = 0; r < 5; ++r) CHECK(std::isnan(inv_std.get(r)) == (r == 2));
}

TEST_CASE("layer_norm_wrongTensors_areRefused") {
  Buffer x(zeros({2, 3})), c(zeros({3})), two(zeros({2})), cube(zeros({2, 3, 4}));
  CHECK(refusal([&](Kernels& k) {
          k.layer_norm_forward(cube.view(), c.view(), c.view(), cube.view(), two.view(), two.view(), epsilon);
        }) == "[layer_norm_forward] x must be [B, C]: [2, 3, 4] float32");
  CHECK(refusal([&](Kernels& k) {
          k.layer_norm_forward(x.view(), c.view(), two.view(), x.view(), two.view(), two.view(), epsilon);
        }) == "[layer_norm_forward] beta must be [3]: [2] float32");
  CHECK(refusal([&](Kernels& k) {
          k.layer_norm_forward(x.view(), c.view(), c.view(), x.view(), two.view(), c.view(), epsilon);
        }) == "[layer_norm_forward] saved_inv_std must be [2]: [3] float32");
  CHECK(refusal([&](Kernels& k) {
          k.layer_norm_backward(x.view(), c.view(), c.view(), two.view(), two.view(), x.view(), c.view(), c.view());
        }) == "[layer_norm_backward] x and dy must have one shape: [2, 3] float32 and [3] float32");
  CHECK(refusal([&](Kernels& k) {
          k.layer_norm_backward(x.view(), x.view(), c.view(), two.view(), two.view(), x.view(), two.view(), c.view());
        }) == "[layer_norm_backward] dgamma must be [3]: [2] float32");
}

}  // namespace retort
