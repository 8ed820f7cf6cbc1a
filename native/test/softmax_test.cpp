#include <cmath>

#include "table.h"

namespace retort {
namespace {

const Shape shapes[] = {{1, 1},   {1, 2},    {1, 10},   {3, 1},    {2, 7},    {17, 10},   {64, 10},
                        {5, 16},  {33, 17},  {7, 63},   {7, 64},   {7, 65},   {4, 127},   {17, 128},
                        {3, 129}, {64, 100}, {9, 1000}, {2, 2051}, {1, 9001}, {1, 30011}, {2500, 10}};
const double temperatures[] = {1, 4, 0.5};

// log softmax(z/T), row by row.
std::vector<double> log_softmax(const Array& z, double t) {
  const int64_t columns = z.shape[1];
  std::vector<double> y(z.values.size());
  for (int64_t start = 0; start < z.size(); start += columns) {
    double most = -INFINITY, sum = 0;
    for (int64_t i = start; i < start + columns; ++i) most = std::max(most, z[i] / t);
    for (int64_t i = start; i < start + columns; ++i) sum += std::exp(z[i] / t - most);
    for (int64_t i = start; i < start + columns; ++i) y[static_cast<size_t>(i)] = z[i] / t - most - std::log(sum);
  }
  return y;
}

std::vector<double> softmax(const Array& z, double t) {
  std::vector<double> y = log_softmax(z, t);
  for (double& value : y) value = std::exp(value);
  return y;
}

std::string name_of(const char* op, const Shape& shape, double t) {
  return op + (" " + text_of(shape)) + " T " + std::to_string(t);
}

}  // namespace

TEST_CASE("softmax_forward_table_equalsReference") {
  for (bool logarithm : {false, true}) {
    for (const Shape& shape : shapes) {
      for (double t : temperatures) {
        ValueRow row;
        row.name = name_of(logarithm ? "log_softmax_forward" : "softmax_forward", shape, t);
        row.inputs = {Random(row.name).array(shape, -5, 5), scalar(t)};
        row.outputs = {zeros(shape)};
        row.call = [&](Kernels& k, Views& in, Views& out) {
          logarithm ? k.log_softmax_forward(in[0], in[1], out[0]) : k.softmax_forward(in[0], in[1], out[0]);
        };
        row.reference = [&](const Arrays& in, Arrays& out) {
          out[0].values = logarithm ? log_softmax(in[0], t) : softmax(in[0], t);
        };
        row.tolerance = tolerance::composed;
        check(row);
      }
    }
  }
}

TEST_CASE("softmax_backward_table_equalsDifferences") {
  for (bool logarithm : {false, true}) {
    for (const Shape& shape : shapes) {
      for (double t : temperatures) {
        GradientRow row;
        row.name = name_of(logarithm ? "log_softmax_backward" : "softmax_backward", shape, t);
        row.inputs = {Random(row.name).array(shape, -3, 3)};
        row.y = shape;
        row.forward = [&](const Arrays& in) { return logarithm ? log_softmax(in[0], t) : softmax(in[0], t); };
        row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
          Buffer y(zeros(shape)), temperature(scalar(t));
          if (logarithm) {
            k.log_softmax_forward(in[0], temperature.view(), y.view());
            k.log_softmax_backward(y.view(), dy, temperature.view(), gradients[0]);
          } else {
            k.softmax_forward(in[0], temperature.view(), y.view());
            k.softmax_backward(y.view(), dy, temperature.view(), gradients[0]);
          }
        };
        check(row);
      }
    }
  }
}

TEST_CASE("softmax_largeLogits_staysFinite") {
  for (const Shape& shape : {Shape{3, 10}, Shape{2, 1000}}) {
    ValueRow row;
    row.name = "softmax_forward of 1e4 " + text_of(shape);
    row.inputs = {Random(row.name).array(shape, -1e4, 1e4), scalar(1)};
    row.inputs[0][0] = 1e4;
    row.inputs[0][1] = -1e4;
    row.outputs = {zeros(shape), zeros(shape)};
    row.call = [&](Kernels& k, Views& in, Views& out) {
      k.softmax_forward(in[0], in[1], out[0]);
      k.log_softmax_forward(in[0], in[1], out[1]);
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      out[0].values = softmax(in[0], 1);
      out[1].values = log_softmax(in[0], 1);
    };
    row.tolerance = tolerance::composed;
    check(row);
  }
}

TEST_CASE("softmax_nan_staysInItsRow") {
  for (int64_t columns : {10, 100, 1500}) {
    Array z = Random("nan").array({5, columns});
    z[2 * columns + 3] = std::nan("");
    z[3 * columns] = -INFINITY;
    Buffer in(z), t(scalar(1)), p(zeros(z.shape)), y(zeros(z.shape));
    kernels(1).softmax_forward(in.view(), t.view(), p.view());
    kernels(1).log_softmax_forward(in.view(), t.view(), y.view());
    for (int64_t i = 0; i < z.size(); ++i) {
      const bool bad = i / columns == 2;
      CHECK(std::isnan(p.get(i)) == bad);
      CHECK(std::isnan(y.get(i)) == bad);
    }
    CHECK(p.get(3 * columns) == 0);
    CHECK(y.get(3 * columns) == -INFINITY);
  }
}

TEST_CASE("softmax_wrongTensors_areRefused") {
  Buffer z(zeros({2, 3})), p(zeros({3, 3})), t(scalar(1)), cold(scalar(0)), unknown(scalar(std::nan(""))),
      two(zeros({2}));
  auto forward = [&](TensorView& temperature) {
    return refusal([&](Kernels& k) { k.softmax_forward(z.view(), temperature, z.view()); });
  };
  CHECK(forward(cold.view()) == "[softmax_forward] temperature must be over 0 and finite: 0");
  CHECK(forward(unknown.view()) == "[softmax_forward] temperature must be over 0 and finite: nan");
  CHECK(forward(two.view()) == "[softmax_forward] temperature must be [1]: [2] float32");
  CHECK(refusal([&](Kernels& k) { k.log_softmax_forward(z.view(), t.view(), p.view()); }) ==
        "[log_softmax_forward] z and y must have one shape: [2, 3] float32 and [3, 3] float32");
  CHECK(refusal([&](Kernels& k) { k.softmax_backward(z.view(), p.view(), t.view(), z.view()); }) ==
        "[softmax_backward] p and dp must have one shape: [2, 3] float32 and [3, 3] float32");
  CHECK(refusal([&](Kernels& k) { k.log_softmax_backward(two.view(), z.view(), t.view(), z.view()); }) ==
        "[log_softmax_backward] y must be [B, C]: [2] float32");
}

}  // namespace retort
