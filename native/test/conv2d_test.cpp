// Longer than a kernel file may be: the rows of one op stand together.
#include <cmath>

#include "table.h"

namespace retort {
namespace {

struct Case {
  Shape x;
  int64_t outputs;
  Window window;
  int32_t groups;
};

const Case table[] = {
    {{1, 1, 1, 1}, 1, {1, 1, 1, 1, 0, 0}, 1},     {{1, 1, 3, 3}, 1, {3, 3, 1, 1, 0, 0}, 1},
    {{2, 1, 28, 28}, 16, {3, 3, 1, 1, 0, 0}, 1},  {{1, 1, 28, 28}, 32, {3, 3, 1, 1, 0, 0}, 1},
    {{3, 1, 28, 28}, 6, {5, 5, 1, 1, 2, 2}, 1},   {{2, 6, 14, 14}, 16, {5, 5, 1, 1, 0, 0}, 1},
    {{2, 32, 12, 12}, 64, {3, 3, 1, 1, 0, 0}, 1}, {{1, 32, 26, 26}, 64, {3, 3, 1, 1, 0, 0}, 1},
    {{2, 3, 7, 5}, 4, {3, 3, 1, 1, 1, 1}, 1},     {{2, 3, 9, 11}, 5, {3, 3, 2, 2, 1, 1}, 1},
    {{2, 3, 8, 7}, 7, {2, 4, 3, 2, 1, 3}, 1},     {{3, 8, 6, 6}, 16, {1, 1, 1, 1, 0, 0}, 1},
    {{2, 8, 7, 7}, 12, {1, 1, 2, 2, 0, 0}, 1},    {{2, 6, 7, 9}, 9, {3, 3, 1, 1, 1, 1}, 3},
    {{2, 5, 7, 9}, 5, {3, 3, 1, 1, 1, 1}, 5},     {{2, 4, 9, 9}, 8, {3, 3, 2, 2, 0, 0}, 4},
    {{1, 2, 5, 33}, 3, {5, 1, 1, 1, 4, 0}, 1},    {{1, 3, 1, 40}, 17, {1, 7, 1, 3, 0, 3}, 1},
    {{2, 17, 5, 5}, 19, {3, 2, 1, 1, 0, 1}, 1},   {{1, 1, 6, 6}, 3, {6, 6, 1, 1, 5, 5}, 1},
    {{65, 2, 5, 5}, 3, {3, 3, 1, 1, 1, 1}, 1},    {{8, 16, 13, 13}, 33, {3, 3, 1, 1, 1, 1}, 1},
    {{64, 1, 28, 28}, 16, {3, 3, 1, 1, 0, 0}, 1}, {{5, 1, 28, 28}, 20, {5, 5, 1, 1, 0, 0}, 1},
    {{3, 1, 13, 17}, 7, {3, 3, 2, 1, 1, 1}, 1},   {{2, 16, 9, 9}, 16, {3, 3, 1, 1, 1, 1}, 16},
};

// Channels, outputs and pixels around what tensor cores take at once; taps of which a stage holds all, a row, one.
const Case precision_table[] = {
    {{2, 17, 8, 11}, 70, {3, 3, 1, 1, 1, 1}, 1}, {{3, 40, 8, 8}, 20, {3, 3, 1, 1, 1, 1}, 1},
    {{1, 12, 9, 9}, 8, {5, 5, 1, 1, 2, 2}, 1},   {{1, 9, 11, 12}, 5, {7, 6, 3, 3, 1, 0}, 1},
    {{2, 12, 7, 7}, 36, {3, 3, 2, 2, 1, 1}, 2},  {{5, 24, 5, 5}, 33, {1, 1, 1, 1, 0, 0}, 1},
    {{3, 8, 6, 7}, 8, {3, 3, 1, 1, 1, 1}, 8},    {{2, 30, 7, 7}, 6, {1, 1, 2, 2, 0, 0}, 1},
    {{1, 2, 12, 26}, 40, {4, 4, 2, 1, 0, 3}, 1}, {{1, 3, 20, 12}, 10, {6, 6, 6, 6, 0, 0}, 1},
};

Shape output_of(const Case& c) {
  const Window& w = c.window;
  return {c.x[0], c.outputs, (c.x[2] + 2 * w.pad_h - w.kernel_h) / w.stride_h + 1,
          (c.x[3] + 2 * w.pad_w - w.kernel_w) / w.stride_w + 1};
}

Shape weight_of(const Case& c) { return {c.outputs, c.x[1] / c.groups, c.window.kernel_h, c.window.kernel_w}; }

int64_t terms_of(const Case& c) { return size_of(weight_of(c)) / c.outputs; }

std::string name_of(const std::string& op, const Case& c) {
  const Window& w = c.window;
  return op + " " + text_of(c.x) + " by " + text_of(weight_of(c)) + " stride " + text_of({w.stride_h, w.stride_w}) +
         " pad " + text_of({w.pad_h, w.pad_w}) + " groups " + std::to_string(c.groups);
}

// body(place in x, place in w, place in y) for every product of the convolution.
template <typename Body>
void for_products(const Case& c, const Body& body) {
  const Shape y = output_of(c), weight = weight_of(c);
  const Window& w = c.window;
  const int64_t inside = weight[1], outside = c.outputs / c.groups;
  int64_t at_y = 0;
  for (int64_t n = 0; n < y[0]; ++n) {
    for (int64_t o = 0; o < y[1]; ++o) {
      for (int64_t r = 0; r < y[2]; ++r) {
        for (int64_t column = 0; column < y[3]; ++column, ++at_y) {
          for (int64_t i = 0; i < inside; ++i) {
            const int64_t channel = o / outside * inside + i;
            for (int64_t ky = 0; ky < weight[2]; ++ky) {
              const int64_t iy = r * w.stride_h - w.pad_h + ky;
              if (iy < 0 || iy >= c.x[2]) continue;
              for (int64_t kx = 0; kx < weight[3]; ++kx) {
                const int64_t ix = column * w.stride_w - w.pad_w + kx;
                if (ix < 0 || ix >= c.x[3]) continue;
                body(((n * c.x[1] + channel) * c.x[2] + iy) * c.x[3] + ix,
                     ((o * inside + i) * weight[2] + ky) * weight[3] + kx, at_y);
              }
            }
          }
        }
      }
    }
  }
}

// The three ops of a case; `change` makes the inputs' values of random ones.
template <typename Change>
void check_precision(const Case& c, Precision precision, const Change& change,
                     const std::function<Tolerance(int64_t terms)>& tolerance_of) {
  const std::string suffix = " precision " + std::to_string(static_cast<int32_t>(precision));
  const auto run = [&](const std::string& op, const Shape& a, const Shape& b, const Shape& result, int64_t terms,
                       const auto& call, const auto& reference) {
    ValueRow row;
    row.name = name_of(op + suffix, c);
    Random random(row.name);
    row.inputs = {random.array(a), random.array(b)};
    for (Array& input : row.inputs) {
      for (double& value : input.values) value = change(value);
    }
    row.outputs = {zeros(result)};
    row.call = [&](Kernels&, Views& in, Views& out) { call(kernels(precision), in, out[0]); };
    row.reference = [&](const Arrays& in, Arrays& out) { reference(in, out[0]); };
    row.tolerance = tolerance_of(terms);
    check(row);
  };
  const Shape y = output_of(c);
  run(
      "conv2d_forward", c.x, weight_of(c), y, terms_of(c),
      [&](Kernels& k, Views& in, TensorView& out) {
        k.conv2d_forward(in[0], in[1], nullptr, out, c.window, c.groups, Activation::none);
      },
      [&](const Arrays& in, Array& out) {
        for_products(c, [&](int64_t x, int64_t w, int64_t at) { out[at] += in[0][x] * in[1][w]; });
      });
  run(
      "conv2d_backward_input", y, weight_of(c), c.x, terms_of(c) * c.outputs,
      [&](Kernels& k, Views& in, TensorView& out) { k.conv2d_backward_input(in[0], in[1], out, c.window, c.groups); },
      [&](const Arrays& in, Array& out) {
        for_products(c, [&](int64_t x, int64_t w, int64_t at) { out[x] += in[0][at] * in[1][w]; });
      });
  run(
      "conv2d_backward_weight", c.x, y, weight_of(c), y[0] * y[2] * y[3],
      [&](Kernels& k, Views& in, TensorView& out) { k.conv2d_backward_weight(in[0], in[1], out, c.window, c.groups); },
      [&](const Arrays& in, Array& out) {
        for_products(c, [&](int64_t x, int64_t w, int64_t at) { out[w] += in[0][x] * in[1][at]; });
      });
}

double activate(double x, Activation activation) {
  if (activation == Activation::relu) return x > 0 ? x : 0;
  if (activation == Activation::gelu) return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  return x;
}

}  // namespace

TEST_CASE("conv2d_forward_table_equalsReference") {
  for (const Case& c : table) {
    for (int setting = 0; setting < 4; ++setting) {
      const bool biased = setting > 0;
      const Activation activation = setting < 2 ? Activation::none : setting == 2 ? Activation::relu : Activation::gelu;
      ValueRow row;
      row.name = name_of("conv2d_forward setting " + std::to_string(setting), c);
      Random random(row.name);
      row.inputs = {random.array(c.x), random.array(weight_of(c)), random.array({c.outputs})};
      row.outputs = {zeros(output_of(c))};
      row.call = [&](Kernels& k, Views& in, Views& out) {
        k.conv2d_forward(in[0], in[1], biased ? &in[2] : nullptr, out[0], c.window, c.groups, activation);
      };
      row.reference = [&](const Arrays& in, Arrays& out) {
        const int64_t plane = out[0].shape[2] * out[0].shape[3];
        for_products(c, [&](int64_t x, int64_t w, int64_t y) { out[0][y] += in[0][x] * in[1][w]; });
        for (int64_t i = 0; i < out[0].size(); ++i) {
          out[0][i] = activate(out[0][i] + (biased ? in[2][i / plane % c.outputs] : 0), activation);
        }
      };
      row.tolerance = tolerance::product(terms_of(c));
      check(row);
    }
  }
}

// The convolution is linear in x and in w: each gradient is the sum over the same products, and the differences below
// confirm the sums on the small rows.
TEST_CASE("conv2d_backward_table_equalsReference") {
  for (const Case& c : table) {
    ValueRow row;
    row.name = name_of("conv2d_backward_input", c);
    Random random(row.name);
    row.inputs = {random.array(output_of(c)), random.array(weight_of(c))};
    row.outputs = {zeros(c.x)};
    row.call = [&](Kernels& k, Views& in, Views& out) {
      k.conv2d_backward_input(in[0], in[1], out[0], c.window, c.groups);
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for_products(c, [&](int64_t x, int64_t w, int64_t y) { out[0][x] += in[0][y] * in[1][w]; });
    };
    row.tolerance = tolerance::product(terms_of(c) * c.outputs);
    check(row);

    row.name = name_of("conv2d_backward_weight", c);
    row.inputs = {random.array(c.x), random.array(output_of(c))};
    row.outputs = {zeros(weight_of(c))};
    row.call = [&](Kernels& k, Views& in, Views& out) {
      k.conv2d_backward_weight(in[0], in[1], out[0], c.window, c.groups);
    };
    row.reference = [&](const Arrays& in, Arrays& out) {
      for_products(c, [&](int64_t x, int64_t w, int64_t y) { out[0][w] += in[0][x] * in[1][y]; });
    };
    const Shape y = output_of(c);
    row.tolerance = tolerance::product(y[0] * y[2] * y[3]);
    check(row);
  }
}

// Values of which every precision keeps all bits: sums as in float32.
TEST_CASE("conv2d_everyPrecision_exactValues_equalReference") {
  for (const Case& c : precision_table) {
    for (Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) {
      check_precision(
          c, precision, [](double value) { return std::round(value * 8) / 8; },
          [](int64_t terms) { return tolerance::product(terms); });
    }
  }
}

TEST_CASE("conv2d_everyPrecision_roundsItsFactors") {
  for (Precision precision : {Precision::float32, Precision::tf32, Precision::bfloat16}) {
    check_precision(
        precision_table[0], precision, [](double value) { return value; },
        [&](int64_t terms) { return tolerance::product(terms, precision); });
  }
}

TEST_CASE("conv2d_backward_weight_kernelWiderThanAnyPatch_equalsReference") {
  const Case c{{2, 1, 1, 4110}, 2, {1, 4100, 1, 1, 0, 0}, 1};
  ValueRow row;
  row.name = name_of("conv2d_backward_weight", c);
  Random random(row.name);
  row.inputs = {random.array(c.x), random.array(output_of(c))};
  row.outputs = {zeros(weight_of(c))};
  row.call = [&](Kernels& k, Views& in, Views& out) {
    k.conv2d_backward_weight(in[0], in[1], out[0], c.window, c.groups);
  };
  row.reference = [&](const Arrays& in, Arrays& out) {
    for_products(c, [&](int64_t x, int64_t w, int64_t y) { out[0][w] += in[0][x] * in[1][y]; });
  };
  row.tolerance = tolerance::product(2 * 11);
  check(row);
}

TEST_CASE("conv2d_backward_table_equalsDifferences") {
  for (const Case& c : table) {
    if (size_of(output_of(c)) * terms_of(c) > 60000) continue;
    GradientRow row;
    row.name = name_of("conv2d_backward", c);
    Random random(row.name);
    row.inputs = {random.array(c.x), random.array(weight_of(c))};
    row.y = output_of(c);
    row.differentiated = 2;
    row.forward = [&](const Arrays& in) {
      std::vector<double> y(static_cast<size_t>(size_of(output_of(c))));
      for_products(c, [&](int64_t x, int64_t w, int64_t at) { y[static_cast<size_t>(at)] += in[0][x] * in[1][w]; });
      return y;
    };
    row.call = [&](Kernels& k, Views& in, TensorView& dy, Views& gradients) {
      k.conv2d_backward_input(dy, in[1], gradients[0], c.window, c.groups);
      k.conv2d_backward_weight(in[0], dy, gradients[1], c.window, c.groups);
    };
    check(row);
  }
}

TEST_CASE("conv2d_wrongShapes_areRefused") {
  Buffer x(zeros({1, 4, 5, 5})), w(zeros({6, 4, 3, 3})), y(zeros({1, 6, 3, 3})), bias(zeros({5})),
      small(zeros({1, 6, 3, 2}));
  const Window window(3, 3, 1, 1, 0, 0);
  auto forward = [&](TensorView& weight, TensorView* add, TensorView& to, const Window& by, int32_t groups) {
    return refusal([&](Kernels& k) { k.conv2d_forward(x.view(), weight, add, to, by, groups, Activation::none); });
  };
  CHECK(forward(w.view(), nullptr, y.view(), window, 1) == "");
  for (const std::string& text :
       {forward(w.view(), &bias.view(), y.view(), window, 1), forward(w.view(), nullptr, small.view(), window, 1),
        forward(w.view(), nullptr, y.view(), window, 3), forward(w.view(), nullptr, y.view(), window, 0),
        forward(w.view(), nullptr, y.view(), {3, 3, 0, 1, 0, 0}, 1),
        forward(w.view(), nullptr, y.view(), {3, 3, 1, 1, -1, 0}, 1),
        forward(w.view(), nullptr, y.view(), {7, 3, 1, 1, 0, 0}, 1), forward(x.view(), nullptr, y.view(), window, 1)}) {
    CHECK_MESSAGE(text.rfind("[conv2d_forward] ", 0) == 0, text);
    CHECK_MESSAGE(text.find(": ") != std::string::npos, text);
  }
  CHECK(refusal([&](Kernels& k) {
          k.conv2d_backward_input(small.view(), w.view(), x.view(), window, 1);
        }).rfind("[conv2d_backward_input] ", 0) == 0);
  CHECK(refusal([&](Kernels& k) {
          k.conv2d_backward_weight(x.view(), y.view(), y.view(), window, 1);
        }).rfind("[conv2d_backward_weight] ", 0) == 0);
}

}  // namespace retort
